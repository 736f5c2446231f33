package dev.ktm.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Everything that can be read of a stream, by every mode of reading, and whether the modes agree. */
final class RecoveredStream {

    private static final int MOST_LINKS = 64;

    final String name;
    final long base;
    final List<Found> records;
    final @Nullable Found restart;

    private RecoveredStream(String name, long base, List<Found> records, @Nullable Found restart) {
        this.name = name;
        this.base = base;
        this.records = records;
        this.restart = restart;
    }

    /** Content that is compared with the same expected content again and again. */
    private static final class Content {
        private final ByteBuffer bytes;
        private @Nullable ByteBuffer equal;

        Content(ByteBuffer bytes) {
            this.bytes = bytes;
        }

        @SuppressWarnings("ReferenceEquality") // the quick way, not the answer
        boolean is(ByteBuffer expected) {
            if (equal != expected) {
                if (!bytes.equals(expected)) {
                    return false;
                }
                equal = expected;
            }
            return true;
        }
    }

    /** A record that was read. */
    record Found(long lsn, boolean isRestart, Content payload, long previous, long undoNext) {

        Found(long lsn, boolean isRestart, ByteBuffer payload, long previous, long undoNext) {
            this(lsn, isRestart, new Content(payload), previous, undoNext);
        }

        boolean is(LogReader reader) {
            return lsn == reader.lsn()
                    && isRestart == reader.isRestartArea()
                    && previous == reader.previous()
                    && undoNext == reader.undoNext()
                    && payload.bytes.equals(reader.payload());
        }

        boolean is(LogModel.Entry entry) {
            return (entry.lsn() == LogModel.UNKNOWN || entry.lsn() == lsn)
                    && isRestart == entry.kind().isRestart()
                    && (entry.previous() == LogModel.UNKNOWN || entry.previous() == previous)
                    && undoNext == entry.undoNext()
                    && payload.is(entry.payload());
        }

        @Override
        public String toString() {
            return Lsn.toString(lsn) + (isRestart ? " restart " : " ") + payload.bytes.remaining() + " bytes";
        }
    }

    static RecoveredStream read(LogStream stream) throws LogException {
        long base = stream.base();
        var records = new ArrayList<Found>();
        var forward = stream.read(Lsn.NULL, ReadMode.FORWARD);
        while (forward.next()) {
            records.add(present(forward));
        }
        var latest = stream.latestRestart();
        Found restart = null;
        if (latest.isPresent()) {
            var area = latest.get();
            restart = new Found(area.lsn(), true, area.data(), area.previous(), Lsn.INVALID);
        }
        var result = new RecoveredStream(stream.name(), base, records, restart);
        result.checkOrder(stream);
        if (!records.isEmpty()) {
            result.checkChain(stream, ReadMode.PREVIOUS);
            result.checkChain(stream, ReadMode.UNDO_NEXT);
        }
        return result;
    }

    private static Found present(LogReader reader) {
        var payload = reader.payload();
        var copy = ByteBuffer.allocate(payload.remaining()).put(payload).flip();
        return new Found(reader.lsn(), reader.isRestartArea(), copy, reader.previous(), reader.undoNext());
    }

    private void checkOrder(LogStream stream) throws LogException {
        long last = Lsn.NULL;
        for (var record : records) {
            Oracle.check(record.lsn > last && record.lsn >= base, () -> name + ": out of order: " + records);
            last = record.lsn;
        }
        long claimed = stream.last();
        long read = last;
        Oracle.check(
                read == Lsn.NULL ? claimed < base : claimed == read,
                () -> name + ": the last record is said to be " + Lsn.toString(claimed) + ", read was up to "
                        + Lsn.toString(read));
    }

    private void checkChain(LogStream stream, ReadMode mode) throws LogException {
        int at = records.size() - 1;
        var reader = stream.read(records.get(at).lsn, mode);
        for (int links = 0; links < MOST_LINKS; links++) {
            var expected = records.get(at);
            Oracle.check(
                    reader.next() && expected.is(reader),
                    () -> name + ": expected " + expected + " when reading by " + mode);
            long link = mode == ReadMode.PREVIOUS ? expected.previous : expected.undoNext;
            if (link == Lsn.INVALID || link < base) {
                checkEnd(reader, link, mode);
                return;
            }
            at = indexOf(link, at);
        }
    }

    private int indexOf(long lsn, int before) {
        for (int i = before - 1; i >= 0; i--) {
            if (records.get(i).lsn == lsn) {
                return i;
            }
        }
        throw new AssertionError(name + ": a record names " + Lsn.toString(lsn) + ", which is not there: " + records);
    }

    private void checkEnd(LogReader reader, long link, ReadMode mode) throws LogException {
        boolean more;
        try {
            more = reader.next();
        } catch (LogRefusedException e) {
            Oracle.check(
                    link != Lsn.INVALID && e.error() == LogError.START_OF_LOG,
                    () -> name + ": reading by " + mode + " ended with " + e);
            return;
        }
        Oracle.check(!more && link == Lsn.INVALID, () -> name + ": reading by " + mode + " did not end");
    }

    @Override
    public String toString() {
        return "\"" + name + "\" from " + Lsn.toString(base) + ": " + records + ", restart " + restart;
    }
}
