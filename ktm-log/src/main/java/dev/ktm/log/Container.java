package dev.ktm.log;

import dev.ktm.log.format.ContainerEntry;
import dev.ktm.log.format.ContainerHeader;
import dev.ktm.log.storage.DeviceFile;

/** A container and its open file. */
final class Container {

    final int number;
    final String fileName;
    final DeviceFile file;

    /** Its place in the address space; 0 if it has none. Changed under the administration lock. */
    volatile long sequence;

    volatile boolean filled;

    /** How far a container that is not {@link #filled} is. The housekeeper's. */
    long filledBytes = ContainerHeader.BYTES;

    /** Whether it goes as soon as nothing in it is needed. */
    volatile boolean removing;

    Container(int number, String fileName, DeviceFile file) {
        this.number = number;
        this.fileName = fileName;
        this.file = file;
    }

    Container(ContainerEntry entry, DeviceFile file) {
        this(entry.number(), entry.fileName(), file);
        this.sequence = entry.sequence();
        this.filled = entry.filled();
        this.removing = entry.removing();
    }

    ContainerEntry toEntry(long newSequence) {
        return new ContainerEntry(number, newSequence, filled, removing, fileName);
    }
}
