package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The log of a {@link KilledProgram} over all its lives: what was acknowledged, and whether it is there. */
final class KilledProgramLog {

    private static final long PATIENCE_SECONDS = 60;
    private static final int KILLED = 128 + 9;

    private final Path directory;
    private final Map<Integer, Acknowledged> newest = new TreeMap<>();
    private long acknowledged;

    KilledProgramLog(Path directory) {
        this.directory = directory;
    }

    /** The last record that a thread said was acknowledged. */
    private record Acknowledged(long number, long lsn) {}

    /** How many records were acknowledged in all lives. */
    long acknowledged() {
        return acknowledged;
    }

    /** Listens to a program until so many records were acknowledged, kills it, and checks its log. */
    void killAfter(Process program, int records) throws IOException, InterruptedException {
        try (var output = program.inputReader(StandardCharsets.US_ASCII)) {
            for (int i = 0; i < records && listen(output); i++) {}
            // Process.destroyForcibly would close the output, with acknowledgements in it.
            program.toHandle().destroyForcibly();
            while (listen(output)) {}
        }
        assertThat(end(program)).as("exit code: killed, or ended by itself").isEqualTo(KILLED);
        check();
    }

    /** Listens to a program until it ends, and checks its log. Returns its exit code. */
    int listenToTheEnd(Process program) throws IOException, InterruptedException {
        try (var output = program.inputReader(StandardCharsets.US_ASCII)) {
            while (listen(output)) {}
        }
        int code = end(program);
        check();
        return code;
    }

    private static int end(Process program) throws InterruptedException {
        assertThat(program.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("ended")
                .isTrue();
        return program.exitValue();
    }

    private boolean listen(BufferedReader output) throws IOException {
        var line = output.readLine();
        if (line == null) {
            return false;
        }
        var words = line.split(" ", -1);
        if (words.length == 3) {
            hear(Integer.parseInt(words[0]), new Acknowledged(Long.parseLong(words[1]), Long.parseLong(words[2])));
        }
        return true;
    }

    private void hear(int thread, Acknowledged record) {
        var before = newest.put(thread, record);
        if (before != null) {
            assertThat(record.lsn).as("LSNs over lives").isGreaterThan(before.lsn);
            assertThat(record.number).as("numbers over lives").isGreaterThan(before.number);
        }
        acknowledged++;
    }

    private void check() throws IOException {
        try (var log = Log.open(directory, KilledProgram.OPTIONS)) {
            for (var thread : newest.entrySet()) {
                try (var stream = log.stream(KilledProgram.streamName(thread.getKey()))) {
                    check(stream, thread.getValue());
                }
            }
        }
    }

    private static void check(LogStream stream, Acknowledged last) throws LogException {
        long first = 0;
        long number = 0;
        long lsnOfLast = Lsn.NULL;
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        while (reader.next()) {
            if (reader.isRestartArea()) {
                continue;
            }
            long found = reader.payload().getLong(0);
            assertThat(number == 0 || found == number + 1)
                    .as("%s: %s follows %s", stream.name(), found, number)
                    .isTrue();
            number = found;
            first = first == 0 ? found : first;
            if (found == last.number) {
                lsnOfLast = reader.lsn();
            }
        }
        assertThat(number).as("%s: newest record", stream.name()).isGreaterThanOrEqualTo(last.number);
        if (first > last.number) {
            // The base had moved to a later record, whose acknowledgement was not heard.
            return;
        }
        assertThat(lsnOfLast)
                .as("%s: LSN of record %s", stream.name(), last.number)
                .isEqualTo(last.lsn);
    }
}
