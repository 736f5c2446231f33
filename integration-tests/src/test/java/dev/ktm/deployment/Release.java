package dev.ktm.deployment;

import java.util.Locale;

/**
 * What is deployed: everything about it follows from its number, so that a check needs no other record.
 *
 * @param number from 1
 */
record Release(int number) {

    private static final String[] COMPONENTS = {"gateway", "catalogue", "checkout", "billing", "search", "mail"};
    /** Every so manieth release is taken for faulty once all of it was deployed, and is rolled back instead of committed. */
    private static final int FAULTY = 17;

    String component() {
        return COMPONENTS[number % COMPONENTS.length];
    }

    String version() {
        return String.format(Locale.ROOT, "%d.%d.%d", 1 + number / 100, number / 10 % 10, number % 10);
    }

    /** Whether whoever deploys it finds it to be faulty. */
    boolean isFaulty() {
        return number % FAULTY == 0;
    }

    @Override
    public String toString() {
        return component() + " " + version();
    }
}
