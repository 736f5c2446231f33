package dev.ktm.log.testing;

import java.util.List;

/**
 * What was done to a {@link SimulatedDevice}, from a disk on which everything is durable.
 *
 * @param base the disk before the first operation
 * @param operations all operations, in the order in which they happened
 */
public record History(DiskImage base, List<Operation> operations) {

    /** Copies the list. */
    public History {
        operations = List.copyOf(operations);
    }

    /** The number of operations, and so the last point at which power can fail. */
    public int size() {
        return operations.size();
    }

    /** How many operations of this type there are. */
    public long count(Class<? extends Operation> type) {
        return operations.stream().filter(type::isInstance).count();
    }
}
