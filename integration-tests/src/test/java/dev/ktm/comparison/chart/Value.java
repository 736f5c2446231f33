package dev.ktm.comparison.chart;

/**
 * A figure with its range.
 *
 * @param median what is drawn
 * @param least where its range begins
 * @param most where it ends
 */
public record Value(double median, double least, double most) {

    /** Refuses what cannot be drawn. */
    public Value {
        if (!(least <= median && median <= most) || !(least >= 0) || Double.isInfinite(most)) {
            throw new IllegalArgumentException("expected finite numbers from zero on in their order, found " + least
                    + ", " + median + ", " + most);
        }
    }

    /** One that was counted. */
    public static Value exactly(double value) {
        return new Value(value, value, value);
    }
}
