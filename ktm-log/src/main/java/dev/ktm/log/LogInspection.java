package dev.ktm.log;

import dev.ktm.log.format.RecordFormat;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What is in a log's files, for tools: looks and never touches. It takes no lock, opens files for reading only and does
 * not open the lock file, so it may be used on a log that is open, in this process or another, and on one that is too
 * damaged to be opened.
 *
 * <p>What it says of a log that is open was true at some moment while it looked. Everything behind the end that the
 * base log file knows is in motion then, and what looks like damage there is not reported.
 */
public final class LogInspection {

    private LogInspection() {}

    /** What became of the process that had the log open. */
    public enum State {
        /** It closed the log in order. */
        CLOSED,
        /** It lives, as far as this machine can tell, so the log is open. */
        OPEN,
        /** It is gone and has not closed the log; the next open recovers it. Or it runs on another machine. */
        CRASHED
    }

    /** What a record is. */
    public enum Kind {
        /** A client's data. */
        DATA,
        /** A restart area. */
        RESTART,
        /** The end of a dedicated log was cut. */
        TRUNCATION;

        static Kind of(int code) {
            return switch (code) {
                case RecordFormat.RESTART -> RESTART;
                case RecordFormat.TRUNCATION -> TRUNCATION;
                default -> DATA;
            };
        }
    }

    /**
     * Something worth an operator's attention.
     *
     * @param damage whether something is not as it must be; otherwise it is good to know and no more
     * @param file the file in question
     * @param offset where in it, in bytes
     * @param expected what should be there
     * @param found what is there
     * @param remedy what to do
     */
    public record Finding(boolean damage, String file, long offset, String expected, String found, String remedy) {}

    /**
     * A record as it lies in its frame.
     *
     * @param lsn its address
     * @param stream the number of its stream
     * @param kind what it is
     * @param argument the new base in a restart area, the last LSN kept in a truncation; else {@link Lsn#NULL}
     * @param previous the record that it names as previous
     * @param undoNext where undo continues
     * @param payload the client's data; valid only during the visit
     */
    public record Entry(
            long lsn, int stream, Kind kind, long argument, long previous, long undoNext, ByteBuffer payload) {}

    /**
     * A valid frame.
     *
     * @param file the container that it is in
     * @param offset where in the file it starts, in bytes
     * @param address its place in the address space of the log
     * @param lengthBytes bytes in use
     * @param spanBytes distance to the next frame
     * @param previous address of the frame before
     * @param incarnation the life of the log in which it was written
     * @param records what is in it
     */
    public record Frame(
            String file,
            long offset,
            long address,
            int lengthBytes,
            int spanBytes,
            long previous,
            long incarnation,
            List<Entry> records) {}

    /**
     * A container.
     *
     * @param number its number
     * @param fileName its file
     * @param place its place in the address space, in containers
     * @param usedBytes how much of it is in front of the end of the log, its header not counted
     * @param needed whether anybody needs something in it or behind it; otherwise it is recycled when space is wanted
     */
    public record ContainerUse(int number, String fileName, long place, long usedBytes, boolean needed) {}

    /**
     * A stream as recovery would find it.
     *
     * @param id the number that its records carry
     * @param name its name; empty for the one stream of a dedicated log
     * @param deleted whether it goes when its last handle closes
     * @param base the oldest record still needed
     * @param last the newest record, or {@link Lsn#NULL}
     * @param restart the newest restart area, or {@link Lsn#NULL}
     * @param archiveTail the oldest record not yet archived, or {@link Lsn#NULL}
     * @param records how many records with its number there are, needed or not
     * @param payloadBytes bytes of data in them
     * @param pin the oldest LSN that it needs, or {@link Lsn#INVALID} if it needs none
     * @param pinnedBytes how much of the log cannot be recycled because of it
     */
    public record StreamUse(
            int id,
            String name,
            boolean deleted,
            long base,
            long last,
            long restart,
            long archiveTail,
            long records,
            long payloadBytes,
            long pin,
            long pinnedBytes) {}

    /**
     * A log at a moment.
     *
     * @param kind dedicated or multiplexed
     * @param identity the identity that users of the log go by
     * @param logId what ties its files together
     * @param incarnation the present life, or the last one
     * @param archived whether it keeps what is not archived
     * @param state what became of its owner
     * @param ownerPid the process that has, or last had, it open
     * @param ownerSince when that opened it
     * @param ownerLives whether there is such a process on this machine
     * @param containerBytes size of each container
     * @param containers all containers, in order of their places
     * @param streams all streams, in order of their numbers
     * @param frames how many valid frames there are
     * @param records how many records are in them
     * @param frameBytes how many bytes they use
     * @param knownEnd up to where it was durable when the base log file was last written
     * @param end where it ends
     */
    public record Summary(
            LogKind kind,
            UUID identity,
            UUID logId,
            long incarnation,
            boolean archived,
            State state,
            long ownerPid,
            Instant ownerSince,
            boolean ownerLives,
            long containerBytes,
            List<ContainerUse> containers,
            List<StreamUse> streams,
            long frames,
            long records,
            long frameBytes,
            long knownEnd,
            long end) {

        /** The stream that needs the oldest record, and so holds all the space from there on; none if nobody needs any. */
        public Optional<StreamUse> pinning() {
            return streams.stream()
                    .filter(stream -> stream.pin() != Lsn.INVALID)
                    .min(java.util.Comparator.comparingLong(StreamUse::pin));
        }
    }

    /**
     * What was found.
     *
     * @param summary the log; none if the base log file is unusable
     * @param voids ranges of LSNs cut from the end of a dedicated log
     * @param findings what is wrong or noteworthy
     */
    public record Report(Optional<Summary> summary, List<Range> voids, List<Finding> findings) {

        /** Whether anything is damaged. */
        public boolean isDamaged() {
            return findings.stream().anyMatch(Finding::damage);
        }

        /** Whether a record was cut off. */
        public boolean isVoid(long lsn) {
            return voids.stream().anyMatch(range -> lsn > range.after() && lsn <= range.upTo());
        }
    }

    /**
     * A range of LSNs.
     *
     * @param after the last LSN in front of it
     * @param upTo the last LSN in it
     */
    public record Range(long after, long upTo) {}

    /**
     * Reads all of a log and checks everything that can be checked.
     *
     * @param visitor sees every valid frame once, in order
     * @throws java.nio.file.NoSuchFileException if there is no log
     * @throws java.nio.file.AccessDeniedException if there is a file of it that this user may not read
     * @throws IOException if the directory or its files cannot be read at all
     */
    public static Report examine(LogDevice device, Consumer<Frame> visitor) throws IOException {
        return new Examination(device, visitor).run();
    }

    /**
     * Looks for valid frames in a container file, whatever state the rest of the log is in: also those of a former use
     * of the container. Sees them in the order in which they lie in the file.
     *
     * @return what is wrong with the file
     * @throws IOException if the file cannot be read at all
     */
    public static List<Finding> salvage(LogDevice device, String fileName, Consumer<Frame> visitor) throws IOException {
        return new Salvage(device, fileName, visitor).run();
    }

    /** The names of all files that look like containers, of this log or another. */
    public static List<String> containerFiles(LogDevice device) throws IOException {
        return Salvage.containerFiles(device);
    }
}
