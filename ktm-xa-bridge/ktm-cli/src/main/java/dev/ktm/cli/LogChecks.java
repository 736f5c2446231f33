package dev.ktm.cli;

import dev.ktm.log.LogInspection;
import dev.ktm.log.LogInspection.State;
import dev.ktm.log.LogInspection.Summary;
import dev.ktm.log.storage.FileDevice;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What doctor looks at in a log's directory. */
final class LogChecks {

    /** Clocks of one machine do not differ by more. */
    private static final Duration TOLERANCE = Duration.ofSeconds(5);

    private static final double LITTLE_SPACE = 0.05;

    private final Path directory;
    private final Clock clock;
    private final boolean answered;
    private final String what;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * What is to be looked at.
     *
     * @param answered whether its coordinator has answered, so that the log has to be open
     */
    LogChecks(Path directory, Clock clock, boolean answered) {
        this.directory = directory;
        this.clock = clock;
        this.answered = answered;
        this.what = "log in " + directory;
    }

    List<Finding> run() {
        try (var device = FileDevice.openToLook(directory)) {
            permissions();
            device.caveat()
                    .ifPresentOrElse(
                            caveat -> findings.add(
                                    Finding.warning(what + ", file system", caveat, "keep the log on a local disk")),
                            () -> findings.add(Finding.ok(what + ", file system", fileSystem())));
            space();
            var report = LogInspection.examine(device, frame -> {});
            whole(report);
            report.summary().ifPresent(summary -> owner(summary, report.isDamaged()));
        } catch (NoSuchFileException e) {
            findings.add(Finding.fault(
                    what,
                    "no such directory, or no log in it: " + e.getMessage(),
                    "give the directory that the coordinator was opened with; if the log was deleted, what was undecided is"
                            + " lost: restore it from a backup"));
        } catch (AccessDeniedException e) {
            findings.add(Finding.fault(
                    what, "no permission to read " + e.getFile(), "run as the user that owns the log, or as root"));
        } catch (IOException e) {
            findings.add(Finding.fault(what, "cannot be read: " + e, "see whether the disk has failed"));
        }
        return findings;
    }

    private void permissions() throws IOException {
        if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        var permissions = Files.getPosixFilePermissions(directory);
        var text = PosixFilePermissions.toString(permissions);
        if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            findings.add(Finding.fault(
                    what + ", permissions",
                    text + ": others could replace the log, and it will not be opened",
                    "chmod go-w " + directory));
        } else {
            findings.add(Finding.ok(
                    what + ", permissions",
                    text + ", owner " + Files.getOwner(directory).getName()));
        }
    }

    private String fileSystem() {
        try {
            return Files.getFileStore(directory).type();
        } catch (IOException e) {
            return "not known";
        }
    }

    private void space() throws IOException {
        var store = Files.getFileStore(directory);
        long free = store.getUsableSpace();
        long total = store.getTotalSpace();
        var found = Words.bytes(free) + " of " + Words.bytes(total) + " free";
        findings.add(
                total > 0 && free < total * LITTLE_SPACE
                        ? Finding.warning(
                                what + ", disk",
                                found,
                                "make room: a log has its space from the beginning, and needs more only to grow; others on"
                                        + " this disk fail first")
                        : Finding.ok(what + ", disk", found));
    }

    private void whole(LogInspection.Report report) {
        var damages =
                report.findings().stream().filter(LogInspection.Finding::damage).toList();
        for (var damage : damages) {
            findings.add(Finding.fault(
                    what + ", " + damage.file() + " at offset " + damage.offset(),
                    "expected " + damage.expected() + ", found " + damage.found(),
                    damage.remedy()));
        }
        if (damages.isEmpty()) {
            findings.add(Finding.ok(
                    what + ", contents",
                    report.summary()
                            .map(summary -> "whole: " + Words.count(summary.records(), "record") + " in "
                                    + Words.count(summary.containers().size(), "container"))
                            .orElse("whole")));
        }
    }

    private void owner(Summary summary, boolean damaged) {
        if (summary.state() == State.OPEN && !answered) {
            findings.add(Finding.warning(
                    what + ", owner",
                    "process " + summary.ownerPid() + " has it open, and does not answer in this directory of channels",
                    "it may run as another user, with another temporary directory, or with operatorChannel=false"));
        } else if (summary.state() == State.CRASHED) {
            findings.add(Finding.warning(
                    what + ", owner",
                    "process " + summary.ownerPid() + " is gone and has not closed it",
                    damaged
                            ? "see to the damage first: its application refuses to open such a log"
                            : "start its application: it recovers the log, and ends what waits for that"));
        } else {
            findings.add(Finding.ok(
                    what + ", owner",
                    summary.state() == State.OPEN ? "process " + summary.ownerPid() : "closed in order"));
        }
        var ahead = Duration.between(clock.instant(), summary.ownerSince());
        findings.add(
                ahead.compareTo(TOLERANCE) > 0
                        ? Finding.fault(
                                what + ", clock",
                                "it was last opened at " + summary.ownerSince() + ", which is "
                                        + Words.duration(ahead.toMillis()) + " from now",
                                "set the clock of this machine: times in reports, and timeouts over a restart, are wrong")
                        : Finding.ok(what + ", clock", "not behind the log's last opening"));
    }
}
