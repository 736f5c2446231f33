package dev.ktm.log.tool;

import dev.ktm.log.Lsn;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A command line.
 *
 * @param command what to do
 * @param directory where the log is; empty if the command needs none
 * @param json whether to answer in JSON
 * @param stream the only stream to show, if there is one
 * @param from the first LSN to show
 * @param limit most records to show
 * @param payload how to show data
 * @param raw the container file to salvage, if there is one
 */
record Arguments(
        Command command,
        String directory,
        boolean json,
        Optional<String> stream,
        long from,
        long limit,
        Payload payload,
        Optional<String> raw) {

    /** What can be asked for. */
    enum Command {
        /** What the log is. */
        STAT,
        /** Whether it is whole. */
        VERIFY,
        /** What is in it. */
        DUMP,
        /** What can be asked for. */
        HELP,
        /** Which tool this is. */
        VERSION
    }

    /** How the data of records is shown. */
    enum Payload {
        /** Two digits for each byte. */
        HEX,
        /** As ASCII, with dots for the rest. */
        TEXT,
        /** Not at all. */
        NONE
    }

    /** Reads a command line; what it cannot read it refuses with an {@link IllegalArgumentException}. */
    static Arguments parse(String[] words) {
        var left = new ArrayDeque<>(Arrays.asList(words));
        if (left.isEmpty()) {
            throw new IllegalArgumentException("expected a command and a directory, found nothing");
        }
        var all = List.of(words);
        if (all.contains("--help") || words[0].equals("help")) {
            return without(Command.HELP);
        }
        if (words[0].equals("--version")) {
            return without(Command.VERSION);
        }
        var command = command(left.remove());
        if (left.isEmpty() || left.element().startsWith("--")) {
            throw new IllegalArgumentException("expected the directory of a log after '" + words[0] + "'");
        }
        var builder = new Builder(command, left.remove());
        while (!left.isEmpty()) {
            builder.option(left.remove(), left);
        }
        return builder.build();
    }

    private static Arguments without(Command command) {
        return new Builder(command, "").build();
    }

    private static Command command(String word) {
        return switch (word) {
            case "stat" -> Command.STAT;
            case "verify" -> Command.VERIFY;
            case "dump" -> Command.DUMP;
            default ->
                throw new IllegalArgumentException("expected a command: stat, verify or dump; found '" + word + "'");
        };
    }

    /** Takes one option after the other. */
    private static final class Builder {

        private final Command command;
        private final String directory;
        private boolean json;
        private Optional<String> stream = Optional.empty();
        private long from = Lsn.NULL;
        private long limit = Long.MAX_VALUE;
        private Payload payload = Payload.NONE;
        private Optional<String> raw = Optional.empty();

        Builder(Command command, String directory) {
            this.command = command;
            this.directory = directory;
        }

        void option(String name, ArrayDeque<String> rest) {
            if (name.equals("--json")) {
                json = true;
                return;
            }
            if (command != Command.DUMP
                    || !List.of("--stream", "--from", "--limit", "--payload", "--raw")
                            .contains(name)) {
                throw new IllegalArgumentException(
                        "'" + command.name().toLowerCase(Locale.ROOT) + "' has no option '" + name + "'");
            }
            if (rest.isEmpty()) {
                throw new IllegalArgumentException("expected a value after '" + name + "'");
            }
            var value = rest.remove();
            switch (name) {
                case "--stream" -> stream = Optional.of(value);
                case "--from" -> from = Lsn.parse(value);
                case "--limit" -> limit = count(value);
                case "--payload" -> payload = payload(value);
                default -> raw = Optional.of(value);
            }
        }

        private static long count(String value) {
            try {
                long count = Long.parseLong(value);
                if (count >= 0) {
                    return count;
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("expected a number after '--limit', found '" + value + "'", e);
            }
            throw new IllegalArgumentException("expected at least 0 after '--limit', found '" + value + "'");
        }

        private static Payload payload(String value) {
            return switch (value) {
                case "hex" -> Payload.HEX;
                case "text" -> Payload.TEXT;
                case "none" -> Payload.NONE;
                default ->
                    throw new IllegalArgumentException(
                            "expected hex, text or none after '--payload', found '" + value + "'");
            };
        }

        Arguments build() {
            if (raw.isPresent() && stream.isPresent()) {
                throw new IllegalArgumentException("'--raw' knows no names of streams: leave '--stream' out");
            }
            return new Arguments(command, directory, json, stream, from, limit, payload, raw);
        }
    }
}
