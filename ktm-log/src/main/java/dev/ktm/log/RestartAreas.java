package dev.ktm.log;

import dev.ktm.log.LogEngine.Durability;
import dev.ktm.log.format.RecordFormat;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The restart areas of a stream: a chain of its records, newest first. What they promise is said at {@link LogStream}. */
final class RestartAreas {

    private final Administration administration;
    private final LogEngine engine;
    private final StreamState state;

    RestartAreas(Administration administration, StreamState state) {
        this.administration = administration;
        this.engine = administration.engine;
        this.state = state;
    }

    /** Writes one and moves the base, unless it is {@link Lsn#NULL}, in one step. */
    long write(ByteBuffer data, long newBase) throws LogException {
        administration.lock.lock();
        try {
            if (newBase != Lsn.NULL) {
                engine.gate.lock();
                try {
                    state.checkBase(newBase);
                } finally {
                    engine.gate.unlock();
                }
            }
            long lsn = engine.append(
                    state, RecordFormat.RESTART, newBase, data, Lsn.INVALID, Lsn.INVALID, null, Durability.FORCE);
            engine.gate.lock();
            try {
                state.restart = lsn;
                // Somebody may have advanced it further meanwhile.
                state.base = Math.max(state.base, newBase);
            } finally {
                engine.gate.unlock();
            }
            if (newBase != Lsn.NULL) {
                administration.pins.changed();
            }
            return lsn;
        } finally {
            administration.lock.unlock();
        }
    }

    /** The newest one, unless the base has moved past it. */
    Optional<RestartArea> latest() throws LogException {
        long lsn;
        engine.gate.lock();
        try {
            lsn = state.restart < state.base ? Lsn.NULL : state.restart;
        } finally {
            engine.gate.unlock();
        }
        return lsn == Lsn.NULL ? Optional.empty() : Optional.of(at(lsn));
    }

    RestartArea before(RestartArea area) throws LogException {
        if (area.previous() == Lsn.INVALID) {
            throw new LogRefusedException(LogError.START_OF_LOG, "no restart area before " + Lsn.toString(area.lsn()));
        }
        return at(area.previous());
    }

    /** The newest one that is still there when everything behind an LSN is cut off; {@link Lsn#NULL} if none is. */
    long newestUpTo(long lsn) throws LogException {
        long restart;
        long base;
        engine.gate.lock();
        try {
            restart = state.restart;
            base = state.base;
        } finally {
            engine.gate.unlock();
        }
        while (restart != Lsn.NULL && restart > lsn) {
            long previous = at(restart).previous();
            restart = previous == Lsn.INVALID || previous < base ? Lsn.NULL : previous;
        }
        return restart;
    }

    private RestartArea at(long lsn) throws LogException {
        var reader = new LogReader(administration, state, lsn, ReadMode.PREVIOUS);
        reader.next();
        var data = ByteBuffer.allocate(reader.payload().remaining());
        data.put(reader.payload()).flip();
        return new RestartArea(lsn, reader.previous(), data.asReadOnlyBuffer());
    }
}
