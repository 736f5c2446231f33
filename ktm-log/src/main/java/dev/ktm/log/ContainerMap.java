package dev.ktm.log;

import java.util.Comparator;
import java.util.List;

/** Which container is in which place. Immutable: readers look at one, housekeeping publishes the next. */
final class ContainerMap {

    static final ContainerMap EMPTY = new ContainerMap(List.of());

    private final List<Container> bySequence;
    private final long firstSequence;

    ContainerMap(List<Container> containers) {
        bySequence = containers.stream()
                .filter(container -> container.sequence > 0)
                .sorted(Comparator.comparingLong(container -> container.sequence))
                .toList();
        firstSequence = bySequence.isEmpty() ? 1 : bySequence.get(0).sequence;
    }

    boolean has(long sequence) {
        return sequence >= firstSequence && sequence - firstSequence < bySequence.size();
    }

    /** The container in a place that {@link #has} one. */
    Container at(long sequence) {
        return bySequence.get((int) (sequence - firstSequence));
    }

    List<Container> bySequence() {
        return bySequence;
    }

    long firstSequence() {
        return firstSequence;
    }

    long lastSequence() {
        return firstSequence + bySequence.size() - 1;
    }
}
