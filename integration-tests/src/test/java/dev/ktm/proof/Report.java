package dev.ktm.proof;

import dev.ktm.proof.Attempt.ByOperator;
import dev.ktm.proof.Attempt.Knew;
import dev.ktm.proof.Plan.What;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A campaign as a page of Markdown. */
final class Report {

    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MINUTE = 60e9;
    private static final double MILLIS_PER_SECOND = 1e3;

    private final Chronicle chronicle;
    private final StringBuilder text = new StringBuilder();

    private Report(Chronicle chronicle) {
        this.chronicle = chronicle;
    }

    static String of(Chronicle chronicle) {
        var report = new Report(chronicle);
        report.write();
        return report.text.toString();
    }

    private void line(String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }

    private void write() {
        var settings = chronicle.settings();
        line("# A run of the proof campaign");
        line("");
        line(
                "%s, %s %s, Java %s, %d processors, seed %d. Servers: %s.",
                LocalDate.now(ZoneOffset.UTC),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                System.getProperty("java.version"),
                Runtime.getRuntime().availableProcessors(),
                settings.seed(),
                settings.kinds());
        line("");
        writeSummary();
        writeDeaths();
        writeHarms();
        writeTransactions();
        writeViolations();
    }

    private void writeSummary() {
        var recovered = chronicle.lives().stream()
                .flatMapToLong(story -> story.recoveredMillis().stream())
                .sorted()
                .toArray();
        line("| | |");
        line("|---|---|");
        line("| kills of the coordinator | %d |", chronicle.kills());
        line("| kills of servers | %d |", chronicle.allServerKills());
        line("| transactions attempted | %d |", chronicle.attempts().size());
        line("| of them without H2, which had lost its part by itself, as told below | %d |", chronicle.excused());
        line("| checks of everything | %d |", chronicle.checks());
        line("| **violations** | **%d** |", chronicle.violations().size());
        line("| lives that had recovered everything before they worked, or were killed | %d |", recovered.length);
        if (recovered.length > 0) {
            line(
                    "| from the start of the process to that | median %.2f s, longest %.2f s |",
                    recovered[recovered.length / 2] / MILLIS_PER_SECOND,
                    recovered[recovered.length - 1] / MILLIS_PER_SECOND);
        }
        line(
                "| longest time until nothing was in doubt anywhere, with all servers there | %.1f s |",
                chronicle.longestSettlingNanos() / NANOS_PER_SECOND);
        line(
                "| a life | %.2f s on average |",
                chronicle.lifeNanos()
                        / NANOS_PER_SECOND
                        / Math.max(1, chronicle.lives().size()));
        line("| all of it | %.1f min |", chronicle.nanos() / NANOS_PER_MINUTE);
        line("");
    }

    private void writeDeaths() {
        line("## Where the coordinator was killed");
        line("");
        line("*Open*: transactions of which the client had heard nothing, or that nobody knew.");
        line("");
        line("| Where | Kills | Open | of them committed | rolled back |");
        line("|---|---|---|---|---|");
        var open = chronicle.attempts().stream()
                .filter(attempt -> attempt.knew() == Knew.UNKNOWN)
                .collect(Collectors.groupingBy(Attempt::life));
        Map<String, List<Life.Story>> byPlace = chronicle.lives().stream()
                .collect(Collectors.groupingBy(Life.Story::ended, TreeMap::new, Collectors.toList()));
        byPlace.forEach((where, stories) -> {
            var attempts = stories.stream()
                    .flatMap(story -> open.getOrDefault(story.plan().life(), List.of()).stream())
                    .toList();
            long committed = attempts.stream().filter(chronicle::isCommitted).count();
            line(
                    "| %s | %d | %d | %d | %d |",
                    where, stories.size(), attempts.size(), committed, attempts.size() - committed);
        });
        line("");
    }

    private void writeHarms() {
        line("## What was done besides");
        line("");
        line("| Harm | Times |");
        line("|---|---|");
        chronicle.serverKills().forEach((kind, times) -> line("| SIGKILL of %s | %d |", kind, times));
        var harms = new EnumMap<What, Integer>(What.class);
        chronicle.lives().forEach(story -> story.done().forEach(harm -> harms.merge(harm.what(), 1, Integer::sum)));
        harms.forEach((what, times) -> {
            if (what != What.KILL && what != What.KILL_BEFORE_REPLY) {
                line("| %s | %d |", words(what), times);
            }
        });
        var disks = chronicle.lives().stream()
                .collect(Collectors.groupingBy(
                        story -> story.plan().disk(), () -> new EnumMap<>(Plan.Disk.class), Collectors.counting()));
        disks.forEach((disk, times) -> {
            if (disk != Plan.Disk.WELL) {
                line("| %s | %d |", words(disk), times);
            }
        });
        line(
                "| decisions of an operator in place of the last resource | %d |",
                chronicle.attempts().stream().filter(Attempt::mayBeDecided).count());
        line(
                "| transactions under way that an operator has rolled back | %d |",
                chronicle.attempts().stream()
                        .filter(attempt -> !attempt.mayBeDecided() && attempt.done() == ByOperator.ROLL_BACK)
                        .count());
        line("| requests of an operator that were to be refused, and were | %d |", chronicle.refusals());
        line(
                "| lives with `parallel` | %d |",
                chronicle.lives().stream()
                        .filter(story -> story.plan().parallel())
                        .count());
        line("");
        if (!chronicle.hadSmallDisk()) {
            line("There was no right to mount a small disk: only the device of the log said that it was full.");
            line("");
        }
        if (!chronicle.hadWrongClock()) {
            line("There was no C compiler: no clock was wrong.");
            line("");
        }
        chronicle.losses().forEach(this::writeLosses);
    }

    private void writeLosses(Part part, List<Evidence.Loss> losses) {
        if (losses.isEmpty()) {
            line("%s has lost no row of the witness, which nobody coordinates.", part);
            line("");
            return;
        }
        line(
                "%d times %s came back from a kill without rows of the witness, which nobody coordinates. What else it lacks of the"
                        + " same lives is its own loss: of lives %s. %d transactions could have been excused for that, %d were.",
                losses.size(),
                part,
                losses.stream()
                        .map(loss ->
                                loss.first() == loss.last() ? "" + loss.first() : loss.first() + " to " + loss.last())
                        .collect(Collectors.joining(", ")),
                chronicle.attempts().stream()
                        .filter(attempt -> attempt.parts().contains(part))
                        .filter(attempt -> losses.stream().anyMatch(attempt::isOf))
                        .count(),
                chronicle.excused());
        line("");
    }

    private static String words(What what) {
        return switch (what) {
            case KILL, KILL_BEFORE_REPLY -> "a server killed";
            case PAUSE -> "a server stopped for a while (SIGSTOP)";
            case CUT -> "all connections to a server cut";
            case LOSE_REQUEST -> "a request lost, planned";
            case LOSE_REPLY -> "a reply lost, planned";
            case FREEZE -> "the coordinator stopped for a while (SIGSTOP)";
            case CLOCK -> "the clock of the coordinator set wrong, by up to a week";
        };
    }

    private static String words(Plan.Disk disk) {
        return switch (disk) {
            case WELL -> "a disk that is well";
            case TORN -> "lives in which the log's writes were to fail half done (EIO)";
            case FAILS -> "lives in which the log's writes were to fail (EIO)";
            case FULL -> "lives in which the disk was to be full (ENOSPC)";
        };
    }

    private void writeTransactions() {
        line("## The transactions");
        line("");
        writeTable("What the client knew", Attempt::knew);
        writeTable("Participants", attempt -> attempt.parts().size());
        line("| Participant | Transactions | there | not there |");
        line("|---|---|---|---|");
        for (var part : Part.of(chronicle.settings().kinds())) {
            var all = chronicle.attempts().stream()
                    .filter(attempt -> attempt.parts().contains(part))
                    .toList();
            long committed = all.stream().filter(chronicle::isCommitted).count();
            line("| %s | %d | %d | %d |", part, all.size(), committed, all.size() - committed);
        }
        line("");
        line(
                "Kept as damage, as promised: %d transactions of a single participant, which commits without a vote, and whose answer was lost.",
                chronicle.unanswered());
        line("");
        line(
                "Messages received in transactions that are there: %d.",
                chronicle.attempts().stream()
                        .filter(chronicle::isCommitted)
                        .mapToInt(attempt -> attempt.taken().size())
                        .sum());
        line("");
    }

    private void writeTable(String title, Function<Attempt, Object> by) {
        line("| %s | Transactions | there | not there |", title);
        line("|---|---|---|---|");
        var groups =
                chronicle.attempts().stream().collect(Collectors.groupingBy(by, TreeMap::new, Collectors.toList()));
        groups.forEach((group, all) -> {
            long committed = all.stream().filter(chronicle::isCommitted).count();
            line("| %s | %d | %d | %d |", group, all.size(), committed, all.size() - committed);
        });
        line("");
    }

    private void writeViolations() {
        line("## Violations");
        line("");
        if (chronicle.violations().isEmpty()) {
            line(
                    "None: every transaction is with all of its participants or with none, as its client was told; nothing");
            line("is in doubt or left over, and no branch of anybody else was touched.");
        }
        chronicle.violations().forEach(each -> line("- %s", each));
    }
}
