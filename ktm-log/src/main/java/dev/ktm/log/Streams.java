package dev.ktm.log;

import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.format.StreamEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The streams of a log. The list changes under the administration lock and the gate; under either it may be read. */
final class Streams {

    private final Administration administration;
    private final List<StreamState> all = new ArrayList<>();
    private final List<LogStream> handles = new ArrayList<>();

    Streams(Administration administration, Iterable<StreamState> recovered) {
        this.administration = administration;
        recovered.forEach(all::add);
    }

    List<StreamState> all() {
        return all;
    }

    List<StreamEntry> entries() {
        administration.engine.gate.lock();
        try {
            return all.stream().map(StreamState::toEntry).toList();
        } finally {
            administration.engine.gate.unlock();
        }
    }

    /** Under the lock. */
    @Nullable
    StreamState find(String name) {
        for (var stream : all) {
            if (stream.name.equals(name)) {
                return stream;
            }
        }
        return null;
    }

    /** Creates a stream; it exists when this returns. Under the lock. */
    StreamState create(String name) throws LogException {
        if (all.size() == LogMetadata.MAX_STREAMS) {
            throw new LogRefusedException(
                    LogError.TOO_MANY_STREAMS,
                    "expected at most " + LogMetadata.MAX_STREAMS + " streams, found one more: \"" + name + "\"");
        }
        int id = 1;
        while (hasId(id)) {
            id++;
        }
        var stream = new StreamState(id, name, nextLsn());
        stream.archiveTail = administration.metadata().archived() ? stream.base : Lsn.NULL;
        change(() -> all.add(stream));
        try {
            administration.persist();
        } catch (LogException e) {
            change(() -> all.remove(stream));
            throw e;
        }
        return stream;
    }

    /** Opens a handle. Under the lock. */
    LogStream open(
            String name, StreamMode mode, Set<StreamAccess> access, Set<StreamAccess> share, FullHandler fullHandler)
            throws LogException {
        var found = find(name);
        if (found != null && found.deleted) {
            throw new LogRefusedException(LogError.DELETE_PENDING, found.label() + " is deleted");
        }
        if (found == null && mode == StreamMode.OPEN_EXISTING) {
            throw new LogRefusedException(LogError.NOT_FOUND, "expected a stream \"" + name + "\", found none");
        }
        if (found != null && mode == StreamMode.CREATE_NEW) {
            throw new LogRefusedException(LogError.ALREADY_EXISTS, found.label() + " exists already");
        }
        for (var other : handles) {
            if (other.state() == found && !other.agreesWith(access, share)) {
                throw new LogRefusedException(
                        LogError.SHARING_VIOLATION,
                        found.label() + " is open in a way that excludes " + access + " shared for " + share);
            }
        }
        var handle = new LogStream(administration, fullHandler, found == null ? create(name) : found, access, share);
        handles.add(handle);
        return handle;
    }

    /** A handle was closed: what waited for the last one happens. Under the lock. */
    void closed(LogStream handle) throws LogException {
        handles.remove(handle);
        var stream = handle.state();
        boolean open = handles.stream().anyMatch(other -> other.state() == stream);
        if (open || administration.engine.isClosed()) {
            return;
        }
        if (finish(stream)) {
            administration.persist();
            administration.pins.changed();
        }
    }

    /** What waited for the last handles of all streams happens: a crash or the end of the log closed them. Under the lock. */
    boolean finishAll() throws LogException {
        boolean changed = false;
        for (var stream : List.copyOf(all)) {
            changed |= finish(stream);
        }
        return changed;
    }

    private boolean finish(StreamState stream) throws LogException {
        if (!stream.deleted && !stream.resetting) {
            return false;
        }
        long nextLsn = nextLsn();
        change(() -> {
            if (stream.deleted) {
                stream.gone = true;
                all.remove(stream);
            } else {
                stream.reset(nextLsn);
            }
        });
        return true;
    }

    private boolean hasId(int id) {
        return all.stream().anyMatch(stream -> stream.id == id);
    }

    /** An LSN that no record has yet and that is not behind the next record. */
    long nextLsn() throws LogException {
        if (!administration.engine.isStarted()) {
            return Lsn.NULL + 1;
        }
        var tail = administration.engine.io().tail();
        administration.engine.gate.lock();
        try {
            return tail.nextLsn();
        } finally {
            administration.engine.gate.unlock();
        }
    }

    private void change(Runnable change) {
        administration.engine.gate.lock();
        try {
            change.run();
        } finally {
            administration.engine.gate.unlock();
        }
    }
}
