package dev.ktm.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.proof.Attempt.ByOperator;
import dev.ktm.proof.Attempt.FileChange;
import dev.ktm.proof.Attempt.Knew;
import dev.ktm.proof.Attempt.ValueChange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What the clients know, in the order in which it was written: an attempt before it begins, its end after its client was told. What
 * one process has written is kept by the system when that process is killed.
 */
final class Ledger {

    private final Map<String, Attempt> attempts = new LinkedHashMap<>();
    private final Map<String, String> keysByUnit = new HashMap<>();
    private final Map<String, List<UnaryOperator<Attempt>>> early = new HashMap<>();
    private final List<String> wrong = new ArrayList<>();
    private int refusals;

    /** How often an operator was refused what must be refused. */
    int refusals() {
        return refusals;
    }

    /** What a process has seen that must not be, in words. */
    List<String> wrong() {
        return wrong;
    }

    /** Every attempt, in the order of their beginning. */
    Collection<Attempt> attempts() {
        return attempts.values();
    }

    /** The attempt that the coordinator knows by this unit of work. */
    Optional<Attempt> attemptOf(String unitOfWork) {
        return Optional.ofNullable(attempts.get(keysByUnit.getOrDefault(unitOfWork, "")));
    }

    /** Adds what a process has written in one life. */
    void read(int life, List<String> lines) {
        lines.forEach(line -> read(life, line.split(" ", -1)));
    }

    private void read(int life, String[] words) {
        switch (words[0]) {
            case "begin" ->
                attempts.put(
                        words[1],
                        new Attempt(
                                words[1],
                                life,
                                life,
                                Integer.parseInt(words[2]),
                                parts(words[3]),
                                FileChange.valueOf(words[4]),
                                ValueChange.valueOf(words[5]),
                                Knew.UNKNOWN,
                                List.of(),
                                List.of(),
                                ByOperator.NOT));
            case "unit" -> {
                keysByUnit.put(words[2], words[1]);
                early.getOrDefault(words[2], List.of()).forEach(how -> change(words[1], how));
            }
            case "pending" -> changeUnit(words[1], attempt -> attempt.pendingIn(life));
            case "took" -> change(words[1], attempt -> attempt.took(words[2]));
            case "end" -> change(words[1], attempt -> attempt.told(Knew.valueOf(words[2])));
            case "asks" ->
                // The unit of work may have been written and its name not: then nobody has seen it commit.
                changeUnit(words[1], attempt -> attempt.askedFor(ByOperator.valueOf(words[2])));
            case "in-vain" -> changeUnit(words[1], Attempt::askedInVain);
            case "done" -> changeUnit(words[1], attempt -> attempt.doneByOperator(ByOperator.valueOf(words[2])));
            case "refused" -> refusals++;
            case "wrong" -> wrong.add("life " + life + ": " + String.join(" ", words));
            default -> throw new IllegalArgumentException("expected a line of a ledger, found " + words[0]);
        }
    }

    /** An operator may be quicker than the client, who writes what its unit of work is called. */
    private void changeUnit(String unitOfWork, UnaryOperator<Attempt> how) {
        var key = keysByUnit.get(unitOfWork);
        if (key == null) {
            early.computeIfAbsent(unitOfWork, same -> new ArrayList<>()).add(how);
        } else {
            change(key, how);
        }
    }

    private void change(String key, UnaryOperator<Attempt> how) {
        attempts.computeIfPresent(key, (same, attempt) -> how.apply(attempt));
    }

    private static EnumSet<Part> parts(String text) {
        return Arrays.stream(text.split(","))
                .map(Part::valueOf)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Part.class)));
    }

    /** Writes one life. Safe for many threads. */
    static final class Writer implements AutoCloseable {

        private final FileChannel file;

        private Writer(FileChannel file) {
            this.file = file;
        }

        static Writer to(Path path) throws IOException {
            return new Writer(FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.APPEND, StandardOpenOption.WRITE));
        }

        private void write(String line) throws IOException {
            // In one write, so that it is one line.
            file.write(ByteBuffer.wrap((line + "\n").getBytes(UTF_8)));
        }

        /** Before it is begun. */
        void begins(String key, int thread, Collection<Part> parts, FileChange change, ValueChange value)
                throws IOException {
            var names = parts.stream().map(Part::name).collect(Collectors.joining(","));
            write("begin " + key + " " + thread + " " + names + " " + change + " " + value);
        }

        /** What the coordinator calls it. */
        void unit(String key, Object unitOfWork) throws IOException {
            write("unit " + key + " " + unitOfWork);
        }

        /** One of an earlier life has not ended yet. */
        void pending(Object unitOfWork) throws IOException {
            write("pending " + unitOfWork);
        }

        /** It has received a message. */
        void took(String key, String message) throws IOException {
            write("took " + key + " " + message);
        }

        /** After its client was told. */
        void ended(String key, Knew knew) throws IOException {
            write("end " + key + " " + knew);
        }

        /** Before an operator decides in place of a last resource. */
        void asks(Object unitOfWork, ByOperator what) throws IOException {
            write("asks " + unitOfWork + " " + what);
        }

        /** What he has asked for last has certainly come to nothing. */
        void inVain(Object unitOfWork) throws IOException {
            write("in-vain " + unitOfWork);
        }

        /** After an operator was told so. */
        void done(Object unitOfWork, ByOperator what) throws IOException {
            write("done " + unitOfWork + " " + what);
        }

        /** An operator was refused what must be refused. */
        void refusedToOperator(Object unitOfWork) throws IOException {
            write("refused " + unitOfWork);
        }

        /** What must not be. */
        void wrong(String what) throws IOException {
            write("wrong " + what.replace('\n', ' '));
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
