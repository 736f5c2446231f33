package dev.ktm.log;

import dev.ktm.log.storage.LogDevice;
import dev.ktm.log.testing.CrashState;
import dev.ktm.log.testing.SimulatedDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Says whether a recovered log keeps the promises (I-4): what was forced is there, what else is there is a prefix of
 * what was appended, nothing is mixed, no LSN is given out twice, and the log goes on working.
 */
final class Oracle {

    private final LogOptions options;
    private final int secondOneIn;
    private final Function<SimulatedDevice, LogDevice> wrapper;
    private int checked;

    Oracle(LogOptions options) {
        this(options, 1, device -> device);
    }

    /** One that recovers a second time after one in so many crashes only. */
    Oracle(LogOptions options, int secondOneIn) {
        this(options, secondOneIn, device -> device);
    }

    /** One that recovers from what the wrapper makes of a device. */
    Oracle(LogOptions options, int secondOneIn, Function<SimulatedDevice, LogDevice> wrapper) {
        this.options = options;
        this.secondOneIn = secondOneIn;
        this.wrapper = wrapper;
    }

    /** What a recovery found: the model of the log from there on, and where in the former model it is. */
    record Outcome(LogModel continued, int end, int moment) {}

    /** Recovers from a crash of this model's log and checks everything; twice, as a second recovery must agree. */
    Outcome checkCrash(LogModel model, CrashState state) throws LogException {
        int moment = state.lastMark(Integer.class).orElse(0);
        return checkDevice(model, moment, state.device());
    }

    /** The same for a device that was left after this moment. */
    Outcome checkDevice(LogModel model, int moment, SimulatedDevice device) throws LogException {
        Outcome outcome;
        try (var log = open(device)) {
            outcome = match(log, model, moment);
            var opened = outcome.continued();
            opened.begin(opened.latest());
            device.mark(opened.acknowledge(opened.latest().incarnation(log.incarnation())));
            goOn(log, opened, device);
        }
        markClosed(outcome.continued(), device);
        if (checked++ % secondOneIn != 0) {
            return outcome;
        }
        var continued = outcome.continued();
        try (var log = open(device)) {
            var again = match(log, continued, continued.now());
            check(
                    again.end() == continued.entries().size(),
                    () -> "a second recovery found " + again.end() + " of "
                            + continued.entries().size() + " records");
        }
        return outcome;
    }

    private Log open(SimulatedDevice device) {
        try {
            return Log.open(wrapper.apply(device), options);
        } catch (LogException e) {
            throw new AssertionError("the log was refused: " + e, e);
        }
    }

    /** Compares what is there with what may be there. */
    Outcome match(Log log, LogModel model, int moment) throws LogException {
        var before = model.moment(moment);
        if (moment > 0 || before.incarnation() > 0) {
            check(log.identity().equals(model.identity()), () -> "the log has another identity");
        }
        check(
                log.incarnation() > before.incarnation(),
                () -> "incarnation " + log.incarnation() + " after " + before.incarnation());
        var found = new HashMap<String, RecoveredStream>();
        for (var name : log.streamNames()) {
            try (var stream = streamOf(log, name)) {
                found.put(name, RecoveredStream.read(stream));
            }
        }
        int most = model.has(moment + 1) ? model.moment(moment + 1).appended() : before.appended();
        for (int end = most; end >= before.forced(); end--) {
            for (int at = before.persisted(); model.has(at) && at <= moment + 1; at++) {
                if (isPossible(model, found, moment, at, end)) {
                    return outcome(log, model, found, moment, at, end);
                }
            }
        }
        throw new AssertionError("after moment " + moment + " of " + model.now() + ", " + before.forced() + " to "
                + most + " of these records may be there: " + describe(model, before.forced(), most) + "; streams "
                + before.live() + " with bases " + before.bases() + "; found " + found.values());
    }

    private static LogStream streamOf(Log log, String name) throws LogException {
        return name.isEmpty() ? log.stream() : log.stream(name);
    }

    /** Whether this is what the log looks like when it ends here and its base log file was written then. */
    private static boolean isPossible(LogModel model, Map<String, RecoveredStream> found, int moment, int at, int end) {
        var then = model.moment(at);
        boolean persists = at <= moment || then.persisted() == at;
        if (!persists || end < model.moment(Math.min(at, moment)).appended()) {
            return false;
        }
        if (!found.keySet().equals(then.live().keySet())) {
            return false;
        }
        for (var stream : then.live().entrySet()) {
            var recovered = Objects.requireNonNull(found.get(stream.getKey()));
            long liveBase = model.moment(moment).baseOf(stream.getValue());
            if (!agrees(model, recovered, stream.getValue(), then.baseOf(stream.getValue()), liveBase, end)) {
                return false;
            }
        }
        return true;
    }

    private static boolean agrees(
            LogModel model, RecoveredStream found, int stream, long base, long liveBase, int end) {
        if (base == LogModel.UNKNOWN) {
            return found.records.isEmpty() && found.restart == null;
        }
        long expectedBase = Math.max(base, model.baseByRestart(stream, end));
        if (found.base != expectedBase) {
            return false;
        }
        var expected = model.readable(stream, end).stream()
                .filter(entry -> entry.isFrom(expectedBase))
                .toList();
        if (expected.size() != found.records.size()) {
            return false;
        }
        LogModel.Entry restart = null;
        for (int i = 0; i < expected.size(); i++) {
            if (!found.records.get(i).is(expected.get(i))) {
                return false;
            }
            restart = expected.get(i).kind() == LogModel.Kind.RESTART ? expected.get(i) : restart;
        }
        if (found.restart == null) {
            return restart == null || restart.lsn() < liveBase;
        }
        return restart != null && found.restart.is(restart);
    }

    private static Outcome outcome(
            Log log, LogModel model, Map<String, RecoveredStream> found, int moment, int at, int end) {
        var before = model.moment(moment);
        var then = model.moment(at);
        var bases = new HashMap<Integer, Long>();
        long highest = before.highest();
        var entries = new ArrayList<>(model.entries().subList(0, end));
        for (var stream : then.live().entrySet()) {
            var recovered = Objects.requireNonNull(found.get(stream.getKey()));
            bases.put(stream.getValue(), recovered.base);
            if (recovered.restart == null) {
                entries.replaceAll(entry -> isRestartOf(entry, stream.getValue()) ? entry.givenUp() : entry);
            }
            for (var record : recovered.records) {
                highest = Math.max(highest, record.lsn());
                entries.replaceAll(entry ->
                        entry.lsn() == LogModel.UNKNOWN && record.is(entry) ? entry.withLsn(record.lsn()) : entry);
            }
        }
        var first = new LogModel.Moment(end, end, 0, highest, then.live(), bases, log.incarnation() - 1);
        return new Outcome(model.continued(entries, first, log.identity()), end, at);
    }

    private static boolean isRestartOf(LogModel.Entry entry, int stream) {
        return entry.stream() == stream && entry.kind() == LogModel.Kind.RESTART;
    }

    /** Every stream takes another record, with a higher LSN than ever. */
    private static void goOn(Log log, LogModel model, SimulatedDevice device) throws LogException {
        for (var stream : model.latest().live().entrySet()) {
            try (var handle = streamOf(log, stream.getKey())) {
                goOn(handle, stream.getValue(), model, device);
            }
        }
    }

    private static void goOn(LogStream handle, int stream, LogModel model, SimulatedDevice device) throws LogException {
        long previous = handle.last() < handle.base() || handle.last() == Lsn.NULL ? Lsn.INVALID : handle.last();
        var payload =
                ByteBuffer.wrap(new byte[] {1, 2, 3, (byte) model.entries().size()});
        var highest = model.latest().highest();
        model.beginAppend(
                new LogModel.Entry(stream, LogModel.UNKNOWN, LogModel.Kind.DATA, 0, payload, previous, Lsn.INVALID),
                model.latest());
        long lsn;
        try {
            lsn = handle.appendForced(payload, previous, Lsn.INVALID);
        } catch (LogFullException e) {
            // The streams hold all of it: a restart area, for which space is kept, makes room.
            model.retract();
            restart(handle, stream, model, device);
            return;
        }
        check(
                lsn > highest,
                () -> "LSN " + Lsn.toString(lsn) + " was given out, but " + Lsn.toString(highest) + " had been before");
        model.resolve(lsn);
        var latest = model.latest();
        int all = model.entries().size();
        device.mark(model.acknowledge(latest.appended(all).forced(all).returned(lsn)));
    }

    private static void restart(LogStream handle, int stream, LogModel model, SimulatedDevice device)
            throws LogException {
        var last = handle.last();
        long newBase = last < handle.base() ? Lsn.NULL : last;
        long former = handle.latestRestart().map(RestartArea::lsn).orElse(LogModel.UNKNOWN);
        var payload = ByteBuffer.wrap(new byte[] {4});
        model.beginAppend(
                new LogModel.Entry(
                        stream, LogModel.UNKNOWN, LogModel.Kind.RESTART, newBase, payload, former, Lsn.INVALID),
                model.latest());
        long lsn = handle.writeRestart(payload, newBase);
        check(lsn > model.latest().highest(), () -> "LSN " + Lsn.toString(lsn) + " was given out before");
        model.resolve(lsn);
        var latest = model.latest();
        int all = model.entries().size();
        var known = latest.appended(all).forced(all).returned(lsn);
        device.mark(model.acknowledge(newBase == Lsn.NULL ? known : known.base(stream, newBase)));
    }

    private static void markClosed(LogModel model, SimulatedDevice device) {
        var closed = model.latest().persisted(model.now() + 1);
        model.begin(closed);
        device.mark(model.acknowledge(closed));
    }

    private static List<String> describe(LogModel model, int from, int to) {
        var result = new ArrayList<String>();
        for (int i = Math.max(0, from - 3); i < to; i++) {
            var entry = model.entries().get(i);
            result.add("#" + i + " " + entry.kind() + " of " + entry.stream() + " at " + Lsn.toString(entry.lsn()) + " "
                    + entry.payload().remaining() + " bytes");
        }
        return result;
    }

    static void check(boolean holds, Supplier<String> otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise.get());
        }
    }
}
