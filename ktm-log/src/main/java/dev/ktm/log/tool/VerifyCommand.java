package dev.ktm.log.tool;

import dev.ktm.log.LogInspection;
import dev.ktm.log.LogInspection.Finding;
import dev.ktm.log.LogInspection.Report;
import dev.ktm.log.LogInspection.State;
import dev.ktm.log.Lsn;
import dev.ktm.log.storage.FileDevice;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/** Says whether a log is whole. */
final class VerifyCommand {

    private final FileDevice device;
    private final Arguments arguments;
    private final PrintStream out;

    VerifyCommand(FileDevice device, Arguments arguments, PrintStream out) {
        this.device = device;
        this.arguments = arguments;
        this.out = out;
    }

    int run() throws IOException {
        var report = LogInspection.examine(device, frame -> {});
        var findings = new ArrayList<>(report.findings());
        openToAll().ifPresent(findings::add);
        if (arguments.json()) {
            out.println(Json.of(json(report, findings)));
        } else {
            Findings.print(findings, out);
            report.summary()
                    .ifPresent(summary -> out.println("checked  "
                            + summary.containers().size()
                            + " containers, " + summary.frames() + " frames, " + summary.records() + " records"
                            + (summary.state() == State.OPEN ? "; the log is open, and its end is in motion" : "")));
            long damages = findings.stream().filter(Finding::damage).count();
            out.println("result   " + (damages == 0 ? "whole" : "damaged, findings: " + damages));
        }
        return report.isDamaged() ? LogTool.DAMAGED : LogTool.FINE;
    }

    /** What keeps the log from being opened though nothing in it is damaged. */
    private Optional<Finding> openToAll() throws IOException {
        try {
            FileDevice.open(Path.of(device.location())).close();
            return Optional.empty();
        } catch (AccessDeniedException e) {
            return Optional.of(new Finding(
                    false,
                    ".",
                    0,
                    "a directory to which nobody else may write",
                    "one to which every user may",
                    "take that permission away (chmod o-w): a log there is not opened"));
        }
    }

    private static Object json(Report report, List<Finding> findings) {
        var map = new LinkedHashMap<String, Object>();
        map.put("damaged", report.isDamaged());
        report.summary().ifPresent(summary -> {
            map.put("state", StatCommand.word(summary.state()));
            map.put("containers", summary.containers().size());
            map.put("frames", summary.frames());
            map.put("records", summary.records());
            map.put("end", Lsn.toString(summary.end()));
        });
        map.put("findings", findings.stream().map(Findings::json).toList());
        return map;
    }
}
