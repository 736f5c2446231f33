package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ktm.cli.Table.Cell;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What is listed, as tables. */
final class Tables {

    /** An age changes its length while somebody looks; the columns behind it should not move. */
    private static final int AGE_WIDTH = 7;

    private static final int TEXT_WIDTH = 60;
    private static final Pattern BRANCH_NOTE = Pattern.compile("(\\S.*?) KTM1:\\S+ ?");

    private Tables() {}

    /**
     * A table of these rows.
     *
     * @param withManager whether they are of several coordinators, so that each has to say whose it is
     */
    static Table of(Listing listing, List<JsonNode> rows, boolean withManager) {
        return switch (listing) {
            case TMS -> managers(rows);
            case TRANSACTIONS -> transactions(rows, withManager);
            case ENLISTMENTS -> enlistments(rows, withManager);
            case RMS -> resourceManagers(rows, withManager);
            case DAMAGED -> damaged(rows, withManager);
            case REPORTS -> reports(rows, withManager);
            case ACTS -> acts(rows, withManager);
        };
    }

    private static Table managers(List<JsonNode> rows) {
        var table = new Table(
                "COORDINATOR", "NAME", "CONDITION", "PROCESS", "LIVE", "IN DOUBT", "DAMAGED", "LOG USED", "LOG");
        for (var row : rows) {
            table.row(
                    text(row, "identity"),
                    text(row, "name"),
                    new Cell(condition(row), Wrong.isOffline(row) ? Style.BAD : Style.GOOD),
                    text(row, "processId"),
                    text(row, "live"),
                    count(row.path("inDoubt").asLong()),
                    count(row.path("damaged").asLong()),
                    row.path("log").has("usedShare")
                            ? Words.percent(row.path("log").path("usedShare").asDouble())
                            : "",
                    row.path("isVolatile").asBoolean() ? "none: volatile" : text(row, "logPath"));
        }
        return table;
    }

    /** How a coordinator is, in a word. */
    static String condition(JsonNode manager) {
        if (manager.has("stopped")) {
            return Words.of(manager.path("stopped").asText());
        }
        return manager.path("isOnline").asBoolean() ? "online" : "OFFLINE";
    }

    private static Cell count(long number) {
        return new Cell(String.valueOf(number), number == 0 ? Style.PLAIN : Style.BAD);
    }

    private static Table transactions(List<JsonNode> rows, boolean withManager) {
        var table = new Table(
                "UNIT OF WORK",
                "STATE",
                "OUTCOME",
                "AGE",
                "TIME LEFT",
                "WAITS FOR",
                "LOG",
                "DESCRIPTION",
                "COORDINATOR");
        for (var row : rows) {
            table.row(
                    text(row, "unitOfWork"),
                    state(row),
                    Words.of(text(row, "outcome")),
                    age(row),
                    timeLeft(row),
                    waitsFor(row),
                    row.path("isInLog").asBoolean() ? "kept" : "",
                    shortened(text(row, "description")),
                    withManager ? text(row, "manager") : "");
        }
        return table;
    }

    static Cell state(JsonNode transaction) {
        var damaged = !transaction.path("damage").isEmpty();
        // One that is only remembered for its damage has none.
        var state = text(transaction, "state");
        var word = (state.isEmpty() ? "ended" : Words.of(state))
                + (transaction.path("isInDoubt").asBoolean() && !state.equals("IN_DOUBT") ? ", in doubt" : "")
                + (damaged ? ", damaged" : "");
        return new Cell(word, Wrong.isTransaction(transaction) ? Style.BAD : Style.PLAIN);
    }

    private static String age(JsonNode row) {
        var age = millis(row, "ageMillis");
        return age.isEmpty() ? "" : age + " ".repeat(Math.max(0, AGE_WIDTH - age.length()));
    }

    /** One that has promised to do as its superior says does not time out. */
    static String timeLeft(JsonNode transaction) {
        return transaction.path("isInDoubt").asBoolean() ? "" : millis(transaction, "timeLeftMillis");
    }

    static String millis(JsonNode row, String name) {
        return row.hasNonNull(name) ? Words.duration(row.path(name).asLong()) : "";
    }

    /** Who has not answered. */
    static String waitsFor(JsonNode transaction) {
        if (transaction.path("isInDoubt").asBoolean()) {
            return "superior";
        }
        if (transaction.path("isWaitingForLast").asBoolean()) {
            return "last resource";
        }
        return StreamSupport.stream(transaction.path("participants").spliterator(), false)
                .filter(Tables::owes)
                .map(each -> text(each, "resourceManager"))
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static Table enlistments(List<JsonNode> rows, boolean withManager) {
        var table = new Table(
                "UNIT OF WORK", "ENLISTMENT", "RESOURCE MANAGER", "KIND", "STATE", "ANSWER", "BRANCH", "COORDINATOR");
        for (var row : rows) {
            var participant = row.path("participant");
            table.row(
                    text(row, "unitOfWork"),
                    text(participant, "id"),
                    text(participant, "resourceManager"),
                    kind(participant),
                    Words.of(text(participant, "state")),
                    answer(participant),
                    branch(participant),
                    withManager ? text(row, "manager") : "");
        }
        return table;
    }

    /** Whether an answer of it is waited for, or it is told again and again. */
    static boolean owes(JsonNode participant) {
        return participant.path("owes").asBoolean()
                || List.of("COMMITTED_NOTIFY", "ABORTING", "RECOVERING").contains(text(participant, "state"));
    }

    static Cell answer(JsonNode participant) {
        return owes(participant) ? new Cell("owed", Style.WARNING) : new Cell("");
    }

    static String kind(JsonNode row) {
        var kind = text(row, "kind");
        return kind.equals("XA") ? kind : Words.of(kind);
    }

    static String branch(JsonNode participant) {
        var own = text(participant, "nativeBranch");
        return own.isEmpty() ? text(participant, "branch") : own;
    }

    private static Table resourceManagers(List<JsonNode> rows, boolean withManager) {
        var table = new Table(
                "RESOURCE MANAGER", "KIND", "REGISTERED", "PENDING", "LAST ASKED", "ANSWER", "PRODUCT", "COORDINATOR");
        for (var row : rows) {
            var error = text(row, "error");
            var pending = row.path("pending").asLong();
            table.row(
                    text(row, "name"),
                    kind(row),
                    row.has("isRegistered") ? row.path("isRegistered").asBoolean() ? "yes" : "no" : "",
                    new Cell(String.valueOf(pending), pending == 0 ? Style.PLAIN : Style.WARNING),
                    Words.time(text(row, "lastAsked")),
                    error.isEmpty()
                            ? new Cell(text(row, "lastAsked").isEmpty() ? "" : "ok")
                            : new Cell(shortened(error), Style.BAD),
                    shortened(text(row, "product")),
                    withManager ? text(row, "manager") : "");
        }
        return table;
    }

    private static Table damaged(List<JsonNode> rows, boolean withManager) {
        var table = new Table("UNIT OF WORK", "DECIDED", "RESOURCE MANAGER", "DID", "WHEN", "NOTE", "COORDINATOR");
        for (var row : rows) {
            for (var damage : row.path("damage")) {
                table.row(
                        text(row, "unitOfWork"),
                        Words.of(text(row, "outcome")),
                        damagedManager(damage),
                        new Cell(did(damage), Style.BAD),
                        Words.time(text(damage, "when")),
                        shortened(BRANCH_NOTE.matcher(text(damage, "note")).replaceFirst("")),
                        withManager ? text(row, "manager") : "");
            }
        }
        return table;
    }

    /** All branches of XA are of one resource manager to the coordinator; the note begins with the name that people know. */
    static String damagedManager(JsonNode damage) {
        var named = BRANCH_NOTE.matcher(text(damage, "note"));
        if (named.lookingAt()) {
            return named.group(1);
        }
        var manager = text(damage, "resourceManager");
        return manager.equals(StoppedViews.SUPERIORS.toString()) ? "superior" : manager;
    }

    /** What a damaged participant did, as a word that reads well. */
    static String did(JsonNode damage) {
        return switch (text(damage, "decision")) {
            case "COMMIT" -> "committed";
            case "ROLLBACK" -> "rolled back";
            case "MIXED" -> "a part each";
            default -> "not known";
        };
    }

    private static Table reports(List<JsonNode> rows, boolean withManager) {
        var table = new Table(
                "WHEN", "EVENT", "KIND", "UNIT OF WORK", "RESOURCE MANAGER", "CAUSE", "NEXT STEP", "COORDINATOR");
        for (var row : rows) {
            table.row(
                    Words.time(text(row, "when")),
                    text(row, "event"),
                    Words.of(text(row, "kind")),
                    text(row, "unitOfWork"),
                    text(row, "resourceManager"),
                    shortened(text(row, "cause")),
                    shortened(text(row, "nextStep")),
                    withManager ? text(row, "manager") : "");
        }
        return table;
    }

    private static Table acts(List<JsonNode> rows, boolean withManager) {
        var table = new Table("WHEN", "WHO", "DID", "UNIT OF WORK", "ENLISTMENT", "WHY", "COORDINATOR");
        for (var row : rows) {
            table.row(
                    Words.time(text(row, "when")),
                    text(row, "who"),
                    Words.of(text(row, "kind")),
                    text(row, "unitOfWork"),
                    text(row, "enlistment"),
                    text(row, "why"),
                    withManager ? text(row, "manager") : "");
        }
        return table;
    }

    /** A value as text; empty if it is absent. */
    static String text(JsonNode row, String name) {
        var value = row.path(name);
        return value.isNull() ? "" : value.asText();
    }

    private static String shortened(String text) {
        return text.length() <= TEXT_WIDTH ? text : text.substring(0, TEXT_WIDTH - 1) + "…";
    }
}
