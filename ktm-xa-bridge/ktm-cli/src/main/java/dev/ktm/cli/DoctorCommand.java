package dev.ktm.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.ktm.cli.Finding.Grade;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Looks at everything that is known to go wrong. */
@Command(
        name = "doctor",
        description = {
            "Look at everything that is known to go wrong, and say what to fix.",
            "",
            "That is: Java, the directory of channels, coordinators, their logs, disks and clocks, resource managers,"
                    + " transactions that wait or are damaged.",
            "",
            "Changes nothing. Reads all of each log, so it takes as long as that."
        })
final class DoctorCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Mixin
    private final Target target;

    DoctorCommand(Terminal terminal) {
        this.terminal = terminal;
        this.target = new Target(terminal);
    }

    @Override
    public Integer call() {
        var findings = new ArrayList<Finding>();
        findings.add(EnvironmentChecks.java(Runtime.version().feature()));
        for (var source : sources(findings)) {
            var checks = new CoordinatorChecks(source);
            findings.addAll(checks.run());
            if (!checks.logPath().isEmpty()) {
                findings.addAll(
                        new LogChecks(java.nio.file.Path.of(checks.logPath()), Clock.systemUTC(), source.isRunning())
                                .run());
            }
        }
        show(findings);
        return (findings.stream().anyMatch(each -> each.grade() == Grade.FAULT) ? ExitCode.WRONG : ExitCode.DONE)
                .number();
    }

    private List<Source> sources(List<Finding> findings) {
        var log = target.log();
        if (log != null) {
            return ofLog(findings, log);
        }
        var seen = EnvironmentChecks.channels(target.channels());
        findings.addAll(seen.findings());
        return target.isNamed() ? named(findings) : seen.listening();
    }

    private List<Source> named(List<Finding> findings) {
        try {
            return List.of(target.one());
        } catch (ToolException e) {
            if (findings.stream().noneMatch(each -> each.grade() == Grade.FAULT)) {
                throw e;
            }
            // Why it is not found is a finding already.
            return List.of();
        }
    }

    /** A log that cannot be recovered is what is looked at, so it is no failure of the tool. */
    private List<Source> ofLog(List<Finding> findings, java.nio.file.Path log) {
        try {
            return List.of(target.one());
        } catch (ToolException e) {
            if (e.exitCode() == ExitCode.USAGE) {
                throw e;
            }
            var found = new LogChecks(log, Clock.systemUTC(), false).run();
            findings.addAll(found);
            if (found.stream().noneMatch(each -> each.grade() == Grade.FAULT)) {
                findings.add(Finding.fault(
                        "the log in " + log,
                        String.valueOf(e.getMessage()),
                        "mend that; a coordinator cannot be opened on it"));
            }
            return List.of();
        }
    }

    private void show(List<Finding> findings) {
        var report = new Report(terminal);
        if (target.json()) {
            var all = JsonNodeFactory.instance.arrayNode();
            findings.forEach(each -> all.add(each.json()));
            report.json(all);
            return;
        }
        for (var finding : findings) {
            var word = finding.grade().word();
            report.line(report.styled(word, finding.grade().style()) + " ".repeat("warning".length() - word.length())
                    + "  " + Printable.line(finding.lookedAt()) + ": " + Printable.line(finding.found()));
            if (!finding.fix().isEmpty()) {
                report.line("         -> " + Printable.line(finding.fix()));
            }
        }
        long faults = count(findings, Grade.FAULT);
        long warnings = count(findings, Grade.WARNING);
        report.line("");
        report.line(
                faults == 0 && warnings == 0
                        ? "All is well: " + Words.count(findings.size(), "check") + "."
                        : Words.count(faults, "fault") + ", " + Words.count(warnings, "warning") + ", of "
                                + Words.count(findings.size(), "check") + ".");
    }

    private static long count(List<Finding> findings, Grade grade) {
        return findings.stream().filter(each -> each.grade() == grade).count();
    }
}
