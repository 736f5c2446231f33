package dev.ktm.log.testing;

import dev.ktm.log.storage.LogDevice.Access;
import java.util.List;
import java.util.SortedMap;

/**
 * One thing that was done to a {@link SimulatedDevice}. Its place in the {@link History} is its sequence number.
 *
 * <p>Files are told apart by inode: a name may mean another file later. A write-through is two operations, a
 * {@link Write} and the force of it, because power may fail in between.
 */
public sealed interface Operation {

    /** A change of the directory, at risk until the directory is forced. A failed one is never forceable. */
    sealed interface NameChange extends Operation {
        /** The file that has, or had, the name. */
        int inode();

        /** The name that means another file, or none, after the change. */
        String target();

        /** Whether forcing the directory has an effect on it; a lying device says it has. */
        boolean nameForceable();

        /** Carries the change out. */
        void applyTo(SortedMap<String, Integer> names);
    }

    /** A file was created. Its size is at risk until the file is forced, its name until the directory is. */
    record Create(int inode, String name, long sizeBytes, boolean sizeForceable, boolean nameForceable)
            implements NameChange {
        @Override
        public String target() {
            return name;
        }

        @Override
        public void applyTo(SortedMap<String, Integer> names) {
            names.put(name, inode);
        }
    }

    /** A file was renamed, replacing what had the new name. */
    record Rename(int inode, String from, String to, boolean nameForceable) implements NameChange {
        @Override
        public String target() {
            return to;
        }

        @Override
        public void applyTo(SortedMap<String, Integer> names) {
            names.values().removeIf(named -> named == inode);
            names.put(to, inode);
        }
    }

    /** A file was deleted. */
    record Delete(int inode, String name, boolean nameForceable) implements NameChange {
        @Override
        public String target() {
            return name;
        }

        @Override
        public void applyTo(SortedMap<String, Integer> names) {
            names.remove(name, inode);
        }
    }

    /** A file was opened. */
    record Open(int inode, String name, Access access) implements Operation {}

    /** Blocks were written and are at risk from here on. A failed write is never forceable. */
    record Write(int inode, String name, long position, List<Block> blocks, boolean forceable) implements Operation {
        @Override
        public String toString() {
            return "Write[inode=" + inode + ", name=" + name + ", position=" + position + ", bytes="
                    + blocks.size() * Block.BYTES + (forceable ? "]" : ", never forced]");
        }
    }

    /** The write of this sequence number, and it alone, has been forced: the second half of a write-through. */
    record WriteForced(int write) implements Operation {}

    /** The write of this sequence number could not be forced; no later force makes up for that. */
    record WriteForceFailed(int write) implements Operation {}

    /** Everything done to the file before the sequence number {@code upTo} has been forced. */
    record Forced(int inode, String name, int upTo) implements Operation {}

    /** A force failed; no later one makes up for it. */
    record ForceFailed(int inode, String name, int upTo) implements Operation {}

    /** Every change of names before the sequence number {@code upTo} has been forced. */
    record DirectoryForced(int upTo) implements Operation {}

    /** Forcing the directory failed; no later force makes up for it. */
    record DirectoryForceFailed(int upTo) implements Operation {}

    /** The device got an owner. */
    record Acquire(String lockName) implements Operation {}

    /** The owner gave the device up. */
    record Release(String lockName) implements Operation {}

    /** The test says what it knows at this place, for instance that a record was acknowledged as forced. */
    record Mark(Object value) implements Operation {}
}
