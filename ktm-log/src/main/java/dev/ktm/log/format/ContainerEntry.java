package dev.ktm.log.format;

/**
 * A container in the base log file.
 *
 * @param number its number, as its own header says; from 1, never reused
 * @param sequence its place in the address space: it holds the addresses from {@code sequence * size} on; 0 if it has
 *     none and is waiting to be removed
 * @param filled whether every block of it has been written once, so that its space is certain
 * @param removing whether it goes as soon as nothing in it is needed
 * @param fileName its file
 */
public record ContainerEntry(int number, long sequence, boolean filled, boolean removing, String fileName) {

    /** Refuses values that the format cannot hold. */
    public ContainerEntry {
        if (number < 1 || sequence < 0) {
            throw new IllegalArgumentException("container number " + number + ", sequence " + sequence);
        }
        Names.checkFileName(fileName);
    }

    /** The same, in another place. */
    public ContainerEntry at(long newSequence) {
        return new ContainerEntry(number, newSequence, filled, removing, fileName);
    }
}
