package dev.ktm.cli;

import static dev.ktm.cli.Tables.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ktm.cli.Table.Cell;
import java.util.ArrayList;
import java.util.List;

/** Everything about one transaction, on a page. */
final class TransactionPage {

    private static final int LABEL_WIDTH = 14;

    private final JsonNode transaction;
    private final boolean coloured;
    private final List<String> lines = new ArrayList<>();

    private TransactionPage(JsonNode transaction, boolean coloured) {
        this.transaction = transaction;
        this.coloured = coloured;
    }

    /** All of it. */
    static List<String> of(JsonNode transaction, boolean coloured) {
        var page = new TransactionPage(transaction, coloured);
        page.facts();
        page.participants();
        page.branches();
        page.damage();
        page.history();
        page.report();
        page.owner();
        page.nextStep();
        return page.lines;
    }

    /** What somebody has to see before deciding about it. */
    static List<String> summary(JsonNode transaction, boolean coloured) {
        var page = new TransactionPage(transaction, coloured);
        page.facts();
        page.participants();
        page.damage();
        return page.lines;
    }

    private void facts() {
        fact("unit of work", text(transaction, "unitOfWork"));
        fact("id", text(transaction, "id"));
        fact("description", text(transaction, "description"));
        var state = Tables.state(transaction);
        fact("state", state.text(), state.style());
        fact("outcome", Words.of(text(transaction, "outcome")));
        fact("begun", Words.time(text(transaction, "begun")));
        fact("age", Tables.millis(transaction, "ageMillis"));
        fact("time left", Tables.timeLeft(transaction));
        fact("superior", text(transaction, "superior"));
        fact("rolled back", rollback());
        fact("read-only", transaction.path("isReadOnly").asBoolean() ? "yes" : "");
        fact("recovered", transaction.path("isRecovered").asBoolean() ? "yes: it is of an earlier life" : "");
        fact("log", transaction.path("isInLog").asBoolean() ? "kept there until it has ended" : "");
    }

    private String rollback() {
        var cause = text(transaction, "rollbackCause");
        var by = text(transaction, "rolledBackBy");
        return by.isEmpty() ? cause : Words.of(by) + (cause.isEmpty() ? "" : ": " + cause);
    }

    private void fact(String label, String value) {
        fact(label, value, Style.PLAIN);
    }

    private void fact(String label, String value, Style style) {
        if (!value.isEmpty()) {
            lines.add(label + " ".repeat(LABEL_WIDTH - label.length()) + style.of(Printable.line(value), coloured));
        }
    }

    private void heading(String text) {
        lines.add("");
        lines.add(Style.HEADER.of(text, coloured));
    }

    private void table(Table table) {
        table.lines(coloured).forEach(line -> lines.add("  " + line));
    }

    private void participants() {
        var table = new Table("RESOURCE MANAGER", "KIND", "STATE", "ANSWER", "ENLISTMENT");
        for (var each : transaction.path("participants")) {
            table.row(
                    text(each, "resourceManager"),
                    Tables.kind(each),
                    Words.of(text(each, "state")),
                    Tables.answer(each),
                    text(each, "id"));
        }
        if (!table.isEmpty()) {
            heading("participants");
            table(table);
        }
    }

    /** Long, and needed by whoever looks into a database: each on a line of its own. */
    private void branches() {
        boolean first = true;
        for (var each : transaction.path("participants")) {
            var branch = Tables.branch(each);
            if (!branch.isEmpty()) {
                if (first) {
                    heading("branches, as each resource manager writes them");
                    first = false;
                }
                lines.add("  " + Printable.line(text(each, "resourceManager") + "  " + branch));
            }
        }
    }

    private void damage() {
        var table = new Table("RESOURCE MANAGER", "DID", "CODE", "WHEN", "ENLISTMENT", "NOTE");
        for (var each : transaction.path("damage")) {
            var code = text(each, "code");
            table.row(
                    Tables.damagedManager(each),
                    new Cell(Tables.did(each), Style.BAD),
                    code.equals("0") ? "" : code,
                    Words.time(text(each, "when")),
                    text(each, "enlistment"),
                    text(each, "note"));
        }
        if (!table.isEmpty()) {
            heading("damage: did otherwise than was decided");
            table(table);
        }
    }

    private void history() {
        var table = new Table("SINCE", "STATE");
        for (var each : transaction.path("history")) {
            table.row(Words.timeOfState(text(each, "entered")), Words.of(text(each, "state")));
        }
        if (!table.isEmpty()) {
            heading("history");
            table(table);
        }
    }

    private void report() {
        var report = transaction.path("lastReport");
        if (report.isObject()) {
            heading("last report");
            lines.add("  "
                    + Printable.line(Words.time(text(report, "when")) + "  " + Words.of(text(report, "kind"))
                            + (text(report, "resourceManager").isEmpty() ? "" : ", " + text(report, "resourceManager"))
                            + (text(report, "code").isEmpty() ? "" : ", " + text(report, "code"))));
            lines.add("  " + Printable.line(text(report, "cause")));
            lines.add("  " + Printable.line(text(report, "nextStep")));
        }
    }

    private void owner() {
        var owner = transaction.path("owner");
        if (owner.isObject()) {
            heading("owner");
            lines.add("  "
                    + Printable.line("thread " + text(owner, "thread")
                            + (owner.path("isAlive").asBoolean() ? "" : ", which has ended and left it behind")));
            owner.path("stack").forEach(call -> lines.add("    at " + Printable.line(call.asText())));
        }
    }

    private void nextStep() {
        var step = text(transaction, "state").isEmpty()
                ? "compare the data of its participants and mend what is wrong; then forget it"
                : text(transaction, "nextStep");
        if (!step.isEmpty()) {
            heading("next step");
            lines.add("  " + Printable.line(step));
        }
        commands().forEach(each -> lines.add(each.isEmpty() ? "" : "  " + each));
    }

    /** What this tool can do about it. */
    private List<String> commands() {
        var unit = text(transaction, "unitOfWork");
        if (transaction.path("isInDoubt").asBoolean()) {
            return List.of(
                    "",
                    "ktm resolve commit " + unit,
                    "ktm resolve rollback " + unit,
                    "ktm force commit " + unit,
                    "ktm force rollback " + unit);
        }
        if (transaction.path("isWaitingForLast").asBoolean()) {
            return List.of("", "ktm decide-last commit " + unit, "ktm decide-last rollback " + unit);
        }
        if (text(transaction, "state").isEmpty()) {
            return List.of("ktm forget " + unit);
        }
        if (text(transaction, "state").equals("ACTIVE")) {
            return List.of("", "ktm rollback " + unit);
        }
        var commands = new ArrayList<String>();
        for (var each : transaction.path("participants")) {
            if (!text(transaction, "outcome").equals("UNDETERMINED") && Tables.owes(each)) {
                commands.add("ktm resolve complete " + unit + " " + text(each, "id"));
            }
        }
        if (!commands.isEmpty()) {
            commands.add(0, "");
        }
        return commands;
    }
}
