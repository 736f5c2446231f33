package dev.ktm.log;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What happens when the log is full: recycle, else grow, else ask clients to advance, else say who pins it. Under the
 * administration lock, but for the calls to clients.
 */
final class FullHandler {

    private final Administration administration;
    private final Sizing sizing;
    private final Executor callbacks;
    private final Map<StreamState, Registration> registrations = new HashMap<>();

    private @Nullable Request request;
    private boolean pinned;
    /** The least room, and the place of the oldest container, that there was while the log was pinned. */
    private long pinnedFreeBytes;

    private long pinnedFirstSequence;

    FullHandler(Administration administration, Sizing sizing, Executor callbacks) {
        this.administration = administration;
        this.sizing = sizing;
        this.callbacks = callbacks;
    }

    /** A client, and what it was asked and answered. */
    private static final class Registration {
        final LogClient client;
        final LogStream stream;
        /** What it was asked for last and may not have answered. */
        long askedTarget = Lsn.NULL;

        /** Whether it was asked before there was need: then its refusal says nothing about later. */
        boolean askedEarly;

        long refusedTarget = Lsn.NULL;
        String refusal = "";

        Registration(LogClient client, LogStream stream) {
            this.client = client;
            this.stream = stream;
        }
    }

    /** The request that is being dealt with: who was asked for what and has not answered. */
    private static final class Request {
        final CompletableFuture<LogFullOutcome> future;
        final Set<StreamState> asked = new LinkedHashSet<>();
        String growthFailure = "";
        long target = Lsn.NULL;
        /** Place of the oldest container when it began. */
        final long firstSequence;

        Request(CompletableFuture<LogFullOutcome> future, long firstSequence) {
            this.future = future;
            this.firstSequence = firstSequence;
        }
    }

    void register(StreamState stream, LogClient client, LogStream handle) throws LogException {
        if (registrations.containsKey(stream)) {
            throw new LogRefusedException(LogError.CLIENT_ALREADY_REGISTERED, stream.label() + " has a client already");
        }
        registrations.put(stream, new Registration(client, handle));
    }

    void deregister(StreamState stream) throws LogException {
        if (registrations.remove(stream) == null) {
            throw new LogRefusedException(LogError.CLIENT_NOT_REGISTERED, stream.label() + " has no client");
        }
        if (request != null && request.asked.remove(stream)) {
            review();
        }
    }

    /** Deregisters the client that was registered with this handle, if there is one. */
    void forget(LogStream handle) throws LogException {
        var registration = registrations.get(handle.state());
        if (registration != null && registration.stream == handle) {
            deregister(handle.state());
        }
    }

    /** Takes up a request. The caller then runs {@link #begin} on the housekeeper. */
    void accept(CompletableFuture<LogFullOutcome> future) throws LogException {
        if (request != null) {
            throw new LogRefusedException(LogError.FULL_HANDLER_IN_PROGRESS, "a full log is being dealt with already");
        }
        request = new Request(future, firstSequence());
        administration.pins.setAwaited(true);
    }

    /** Everything up to the questions to clients. */
    void begin() throws LogException {
        var current = request;
        if (current == null) {
            return;
        }
        try {
            begin(current);
        } catch (LogException | RuntimeException | Error e) {
            if (request == current) {
                request = null;
                administration.pins.setAwaited(pinned);
                callbacks.execute(() -> current.future.completeExceptionally(e));
            }
            throw e;
        }
    }

    private void begin(Request current) throws LogException {
        if (administration.reclaimUnwritten() || firstSequence() > current.firstSequence) {
            complete(current, LogFullOutcome.reclaimed());
            return;
        }
        int growth = administration.policies.growth(administration.containerCount());
        if (growth > 0 && !administration.containers().isFilled()) {
            current.growthFailure = administration.describeSpace();
        } else if (growth > 0) {
            try {
                sizing.add(growth);
                complete(current, LogFullOutcome.grew(growth));
                return;
            } catch (LogDeviceException e) {
                current.growthFailure = String.valueOf(e.getMessage());
            }
        }
        ask(current);
    }

    private void ask(Request current) throws LogException {
        current.target = nextTarget();
        for (var stream : administration.streams.all()) {
            var registration = registrations.get(stream);
            if (registration != null
                    && isBelow(stream, current.target)
                    && registration.refusedTarget < current.target) {
                current.asked.add(stream);
                ask(registration, current.target);
            }
        }
        review();
    }

    /** Where the oldest containers end, as many as are wanted. */
    private long nextTarget() throws LogException {
        var map = administration.containers().map();
        var io = administration.engine.io();
        int wanted = administration
                .policies
                .get(LogPolicy.LogTail.class)
                .map(tail -> tail.of(map.bySequence().size()))
                .orElse(1);
        long tailSequence;
        administration.engine.gate.lock();
        try {
            tailSequence = io.tail().tailSequence();
        } finally {
            administration.engine.gate.unlock();
        }
        return io.geometry().firstAddress(Math.min(map.firstSequence() + wanted, tailSequence));
    }

    /** Asks those who would be asked if the log were full now, but for the one that wants it. */
    void askEarly(StreamState asking) throws LogException {
        if (request != null) {
            // They are being asked.
            return;
        }
        long target = nextTarget();
        for (var stream : administration.streams.all()) {
            var registration = registrations.get(stream);
            if (stream != asking && registration != null && isBelow(stream, target) && ask(registration, target)) {
                registration.askedEarly = true;
            }
        }
    }

    /** Asks a client, unless it has not answered the last question yet; returns whether it was asked. */
    private boolean ask(Registration registration, long target) {
        if (registration.askedTarget != Lsn.NULL && isBelow(registration.stream.state(), registration.askedTarget)) {
            return false;
        }
        registration.askedTarget = target;
        registration.askedEarly = false;
        callbacks.execute(() -> call(() -> registration.client.advanceTail(registration.stream, target)));
        return true;
    }

    private boolean isBelow(StreamState stream, long target) {
        administration.engine.gate.lock();
        try {
            return !stream.isEmpty() && stream.oldest() < target;
        } finally {
            administration.engine.gate.unlock();
        }
    }

    /** A client said that it cannot. */
    void refused(StreamState stream, String why) throws LogException {
        var registration = registrations.get(stream);
        if (registration == null) {
            throw new LogRefusedException(LogError.CLIENT_NOT_REGISTERED, stream.label() + " has no client");
        }
        registration.refusal = why;
        if (!registration.askedEarly) {
            registration.refusedTarget = Math.max(registration.refusedTarget, registration.askedTarget);
        }
        registration.askedEarly = false;
        registration.askedTarget = Lsn.NULL;
        if (request != null && request.asked.remove(stream)) {
            registration.refusedTarget = request.target;
            review();
        }
    }

    /** Somebody may need less than before. */
    void review() throws LogException {
        if (request != null) {
            // Before recycling: what is given up after that is looked at next time.
            long target = request.target;
            request.asked.removeIf(stream -> !isBelow(stream, target));
        }
        administration.reclaim();
        if (pinned && wasReleased()) {
            pinned = false;
            administration.pins.setAwaited(request != null);
            for (var registration : registrations.values()) {
                callbacks.execute(() -> call(registration.client::unpinned));
            }
        }
        var current = request;
        if (current == null || current.target == Lsn.NULL) {
            return;
        }
        // An append may have recycled before this was called.
        if (firstSequence() > current.firstSequence) {
            complete(current, LogFullOutcome.reclaimed());
            return;
        }
        if (current.asked.isEmpty()) {
            complete(current, whoPins(current));
            return;
        }
        for (var stream : current.asked) {
            var registration = registrations.get(stream);
            if (registration != null) {
                ask(registration, current.target);
            }
        }
    }

    private long firstSequence() {
        return administration.containers().map().firstSequence();
    }

    /** Whether there is room that was not there when the log was found pinned. */
    private boolean wasReleased() throws LogException {
        long freeBytes = administration.stats().freeBytes();
        boolean released = freeBytes > pinnedFreeBytes || firstSequence() > pinnedFirstSequence;
        pinnedFreeBytes = Math.min(pinnedFreeBytes, freeBytes);
        return released;
    }

    private LogFullOutcome whoPins(Request current) throws LogException {
        var suffix = current.growthFailure.isEmpty() ? "" : "; the log could not grow: " + current.growthFailure;
        var holders = administration.pins.holders(current.target);
        if (holders.isEmpty()) {
            long reserved = administration.stats().reservedBytes();
            return reserved > 0
                    ? LogFullOutcome.pinned(
                            LogError.PINNED_RESERVATION,
                            "reservations",
                            Lsn.NULL,
                            reserved + " bytes are reserved" + suffix)
                    : LogFullOutcome.pinned(
                            LogError.PINNED,
                            "the container in use",
                            Lsn.NULL,
                            "no older container is left to recycle" + suffix);
        }
        var oldest = holders.get(0);
        var refusal = registrations.values().stream()
                .filter(registration -> registration.stream.state().label().equals(oldest.who()))
                .map(registration -> registration.refusal)
                .findFirst()
                .orElse("it has no client that could be asked");
        return LogFullOutcome.pinned(oldest.reason(), oldest.who(), oldest.lsn(), refusal + suffix);
    }

    private void complete(Request current, LogFullOutcome outcome) throws LogException {
        request = null;
        pinned = outcome.result() == LogFullOutcome.Result.PINNED;
        pinnedFreeBytes = administration.stats().freeBytes();
        pinnedFirstSequence = firstSequence();
        administration.pins.setAwaited(pinned);
        callbacks.execute(() -> current.future.complete(outcome));
        for (var registration : registrations.values()) {
            callbacks.execute(() -> call(() -> registration.client.fullHandled(outcome)));
        }
    }

    /** The log failed or is being closed. */
    void abandon(LogException cause) {
        var current = request;
        if (current != null) {
            request = null;
            callbacks.execute(() -> current.future.completeExceptionally(cause));
        }
    }

    private static void call(Runnable callback) {
        try {
            callback.run();
        } catch (RuntimeException e) {
            System.getLogger(FullHandler.class.getName())
                    .log(System.Logger.Level.WARNING, "a log client threw an exception from a callback", e);
        }
    }
}
