package dev.ktm.log;

import dev.ktm.log.LogInspection.Finding;
import dev.ktm.log.LogInspection.Frame;
import dev.ktm.log.LogInspection.Report;
import dev.ktm.log.LogInspection.State;
import dev.ktm.log.LogInspection.StreamUse;
import dev.ktm.log.LogInspection.Summary;
import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at all files of a log, which may be open elsewhere.
 *
 * <p>Nothing stands still then: containers are recycled and the base log file is written while it is read. So whatever
 * looks damaged counts only if the base log file has not been written anew meanwhile; otherwise all is looked at once
 * more. Addresses are never used twice, so frames that were seen already are known by them.
 */
final class Examination {

    private static final int MOST_PASSES = 100;
    private static final int MOST_READS = 40;
    private static final long READ_PAUSE_NANOS = 5_000_000;
    /** Clocks of processes are not exact. */
    private static final Duration START_TOLERANCE = Duration.ofSeconds(5);

    private static final String SALVAGE = "restore the file from a backup, or copy the log aside and see what is left"
            + " of it with 'dump --raw' for each container";

    private final LogDevice device;
    private final Consumer<Frame> visitor;
    private long seen;

    Examination(LogDevice device, Consumer<Frame> visitor) {
        this.device = device;
        this.visitor = visitor;
    }

    Report run() throws IOException {
        var copies = readBase();
        for (int passes = 1; ; passes++) {
            if (copies == null) {
                return withoutBase();
            }
            var metadata = newest(copies);
            if (metadata == null) {
                return new Report(Optional.empty(), List.of(), onCopies(copies, SALVAGE));
            }
            var report = pass(copies, metadata);
            if (!report.isDamaged()) {
                return report;
            }
            var again = readBase();
            var present = again == null ? null : newest(again);
            if (present != null && present.generation() == metadata.generation()) {
                return report;
            }
            if (passes == MOST_PASSES) {
                return unsettled(report);
            }
            copies = again;
        }
    }

    /** Both copies of the base log file, or null if there is none. Damage may be an update under way: see if it stays. */
    private BaseLogFile.@Nullable Copies readBase() throws IOException {
        for (int reads = 1; ; reads++) {
            try (var file = device.open(BaseLogFile.NAME, LogDevice.Access.READ)) {
                var copies = BaseLogFile.read(file);
                if (!copies.isDamaged() || reads == MOST_READS || cannotChange(copies)) {
                    return copies;
                }
            } catch (NoSuchFileException e) {
                return null;
            }
            LockSupport.parkNanos(READ_PAUSE_NANOS);
        }
    }

    private static boolean cannotChange(BaseLogFile.Copies copies) {
        var metadata = newest(copies);
        return metadata != null && stateOf(metadata) != State.OPEN;
    }

    private static @Nullable LogMetadata newest(BaseLogFile.Copies copies) {
        try {
            return copies.newest();
        } catch (LogCorruptException e) {
            // The findings on the copies say why.
            return null;
        }
    }

    private Report withoutBase() throws IOException {
        var containers = Salvage.containerFiles(device);
        if (containers.isEmpty()) {
            throw new NoSuchFileException(
                    device.location(), null, "no log there: neither " + BaseLogFile.NAME + " nor a container");
        }
        var missing = new Finding(
                true,
                BaseLogFile.NAME,
                0,
                "a base log file, as there is container " + containers.get(0),
                "no such file",
                SALVAGE);
        return new Report(Optional.empty(), List.of(), List.of(missing));
    }

    private static Report unsettled(Report last) {
        var findings = List.of(new Finding(
                false,
                BaseLogFile.NAME,
                0,
                "a moment without a change",
                "containers recycled faster than they can be read, " + MOST_PASSES + " times",
                "look again when less is going on"));
        return new Report(last.summary(), last.voids(), findings);
    }

    private Report pass(BaseLogFile.Copies copies, LogMetadata metadata) throws IOException {
        var state = stateOf(metadata);
        var findings = new ArrayList<>(onCopies(
                copies, "nothing: the next open restores it from the other copy; but have an eye on the disk"));
        var places = new InspectedContainers(device, metadata, findings);
        try (places) {
            var frames = new InspectedFrames(metadata, places, this::visit);
            if (places.areUsable()) {
                frames.run(state == State.OPEN, findings);
            }
            places.addReadFailures();
            places.addStrays(state == State.OPEN);
            return new Report(
                    Optional.of(summary(metadata, state, places, frames)),
                    frames.recovery().voids().all(),
                    findings);
        }
    }

    private void visit(Frame frame) {
        if (frame.address() > seen) {
            seen = frame.address();
            visitor.accept(frame);
        }
    }

    private static List<Finding> onCopies(BaseLogFile.Copies copies, String remedy) {
        var findings = new ArrayList<Finding>();
        for (var damage : copies.damage()) {
            if (damage != null) {
                findings.add(new Finding(
                        true,
                        BaseLogFile.NAME,
                        damage.offset(),
                        damage.expected(),
                        damage.found(),
                        damage.isOfOtherVersion() ? "use the version of KTM that wrote it" : remedy));
            }
        }
        return findings;
    }

    static Finding unreadable(String fileName, long offset, IOException failure) {
        return new Finding(
                true,
                fileName,
                offset,
                "bytes",
                LogStarter.describe(failure),
                "see to the disk first: copy what can be read of the file");
    }

    private static State stateOf(LogMetadata metadata) {
        if (metadata.clean()) {
            return State.CLOSED;
        }
        return ownerLives(metadata) ? State.OPEN : State.CRASHED;
    }

    /** Whether the owner's process lives: one of its number that is not younger than the owner's claim. */
    private static boolean ownerLives(LogMetadata metadata) {
        var latest = Instant.ofEpochMilli(metadata.ownerSinceMillis()).plus(START_TOLERANCE);
        return metadata.ownerPid() > 0
                && ProcessHandle.of(metadata.ownerPid())
                        .filter(ProcessHandle::isAlive)
                        .filter(owner -> owner.info()
                                .startInstant()
                                .filter(start -> start.isAfter(latest))
                                .isEmpty())
                        .isPresent();
    }

    private static Summary summary(
            LogMetadata metadata, State state, InspectedContainers places, InspectedFrames frames) {
        long end = frames.end();
        long lowest = frames.recovery().streams().stream()
                .mapToLong(StreamState::pin)
                .min()
                .orElse(Lsn.INVALID);
        return new Summary(
                metadata.multiplexed() ? LogKind.MULTIPLEXED : LogKind.DEDICATED,
                metadata.identity(),
                metadata.logId(),
                metadata.incarnation(),
                metadata.archived(),
                state,
                metadata.ownerPid(),
                Instant.ofEpochMilli(metadata.ownerSinceMillis()),
                ownerLives(metadata),
                metadata.containerBytes(),
                places.uses(Math.min(Lsn.frameAddress(lowest), end), end),
                streams(frames, end),
                frames.frames(),
                frames.records(),
                frames.frameBytes(),
                metadata.knownEnd(),
                end);
    }

    private static List<StreamUse> streams(InspectedFrames frames, long end) {
        return frames.recovery().streams().stream()
                .sorted(Comparator.comparingInt(stream -> stream.id))
                .map(stream -> new StreamUse(
                        stream.id,
                        stream.name,
                        stream.deleted,
                        stream.base,
                        stream.last,
                        stream.restart,
                        stream.archiveTail,
                        frames.recordsOf(stream.id),
                        frames.payloadBytesOf(stream.id),
                        stream.pin(),
                        stream.pin() == Lsn.INVALID ? 0 : Math.max(0, end - Lsn.frameAddress(stream.pin()))))
                .toList();
    }
}
