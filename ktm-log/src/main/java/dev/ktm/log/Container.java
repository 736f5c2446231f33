package dev.ktm.log;

import dev.ktm.log.format.ContainerEntry;
import dev.ktm.log.storage.DeviceFile;

/** A container and its open file. */
final class Container {

    final int number;
    final String fileName;
    final DeviceFile file;

    /** Its place in the address space; 0 if it has none. Changed under the administration lock. */
    volatile long sequence;

    volatile boolean filled;

    /** Whether it goes as soon as nothing in it is needed. */
    volatile boolean removing;

    Container(int number, String fileName, DeviceFile file, long sequence, boolean filled) {
        this.number = number;
        this.fileName = fileName;
        this.file = file;
        this.sequence = sequence;
        this.filled = filled;
    }

    ContainerEntry toEntry(long newSequence) {
        return new ContainerEntry(number, newSequence, filled, fileName);
    }
}
