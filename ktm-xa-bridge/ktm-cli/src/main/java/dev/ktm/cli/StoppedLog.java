package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ktm.journal.LogJournal;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogInspection;
import dev.ktm.log.LogInspection.Report;
import dev.ktm.log.LogInspection.Summary;
import dev.ktm.log.LogKind;
import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.rm.OperatorAct;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What a coordinator's next start would find in its log. The log is recovered, by the very code that a start runs, over an {@link
 * OverlayDevice}: nothing in the directory is changed, and no lock is taken.
 */
final class StoppedLog implements Source {

    private final Summary summary;
    private final StoppedViews views;
    private final UUID manager;

    private StoppedLog(Summary summary, UUID manager, StoppedViews views) {
        this.summary = summary;
        this.manager = manager;
        this.views = views;
    }

    /**
     * Reads a log.
     *
     * @throws ToolException if there is none, it may not be read, or it is damaged
     */
    static StoppedLog read(Path directory) {
        Permission.requireLog(directory);
        try (var files = FileDevice.openToLook(directory)) {
            var report = LogInspection.examine(files, frame -> {});
            var summary = requireWhole(report, directory);
            if (summary.containers().size() < 2) {
                // It was made and never used: there is no stream to open.
                return new StoppedLog(
                        summary,
                        summary.identity(),
                        new StoppedViews(directory, summary, summary.identity(), 1, List.of(), List.of()));
            }
            return recover(directory, summary);
        } catch (IOException e) {
            throw explain(e, directory);
        }
    }

    private static Summary requireWhole(Report report, Path directory) {
        if (report.isDamaged()) {
            var first = report.findings().stream()
                    .filter(LogInspection.Finding::damage)
                    .findFirst()
                    .orElseThrow();
            throw ToolException.failed(
                    "the log in " + directory + " is damaged: " + first.file() + " at offset " + first.offset()
                            + ": expected " + first.expected() + ", found " + first.found() + "; 'ktm log verify "
                            + directory + "' tells all, 'ktm log dump' shows what is left",
                    null);
        }
        var summary = report.summary().orElseThrow();
        if (summary.kind() != LogKind.MULTIPLEXED) {
            throw ToolException.failed(
                    "expected the log of a coordinator in " + directory + ", found a " + Words.of(summary.kind())
                            + " one: 'ktm log stat " + directory + "' tells what it is",
                    null);
        }
        return summary;
    }

    private static StoppedLog recover(Path directory, Summary summary) throws IOException {
        try (var log = Log.open(
                        new OverlayDevice(FileDevice.openToLook(directory)),
                        LogOptions.builder().build());
                var journal = LogJournal.open(log)) {
            List<TransactionRecord> found = journal.found();
            List<OperatorAct> acts = journal.acts();
            return new StoppedLog(
                    summary,
                    journal.manager(),
                    new StoppedViews(directory, summary, journal.manager(), journal.clock(), found, acts));
        }
    }

    private static ToolException explain(IOException e, Path directory) {
        if (e instanceof NoSuchFileException missing) {
            var found = missing.getReason() != null
                    ? "none there: " + missing.getReason()
                    : "no " + (missing.getFile().equals(directory.toString()) ? "such directory" : missing.getFile());
            return ToolException.notFound("expected a log in " + directory + ", found " + found
                    + ": give the directory that the coordinator was opened with");
        }
        if (e instanceof NotDirectoryException) {
            return ToolException.notFound("expected the directory of a log, found a file: " + directory);
        }
        if (e instanceof AccessDeniedException denied) {
            return ToolException.notAllowed(
                    "no permission to read " + denied.getFile() + ": run as the user that owns the log, or as root");
        }
        if (e instanceof LogException log) {
            return ToolException.failed(String.valueOf(log.getMessage()), log);
        }
        return ToolException.failed(
                "cannot read the log in " + directory + ": " + e.getClass().getSimpleName() + ": " + e.getMessage(), e);
    }

    @Override
    public String identity() {
        return manager.toString();
    }

    @Override
    public boolean isRunning() {
        return false;
    }

    /** What became of the process that had it open. */
    LogInspection.State state() {
        return summary.state();
    }

    /** The process that has, or last had, it open. */
    long ownerPid() {
        return summary.ownerPid();
    }

    @Override
    public JsonNode ask(String verb, Map<String, String> values) {
        return switch (verb) {
            case "manager" -> views.manager();
            case "transactions" -> views.transactions();
            case "transaction" -> views.transaction(values.getOrDefault("id", ""));
            case "enlistments" -> views.enlistments();
            case "damaged" -> views.damaged();
            case "acts" -> views.acts();
            case "resource-managers" -> views.resourceManagers();
            default ->
                throw ToolException.refused("expected a running coordinator for '" + verb + "', found only the log of "
                        + manager + ", which is " + Words.of(summary.state())
                        + ": start its application, and ask again");
        };
    }
}
