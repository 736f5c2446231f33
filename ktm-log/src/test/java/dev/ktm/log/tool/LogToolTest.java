package dev.ktm.log.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.log.LogKind;
import dev.ktm.log.LogOptions;
import dev.ktm.log.Lsn;
import dev.ktm.log.format.Checksum;
import dev.ktm.log.format.LogMetadata;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the tool says of logs that are closed, open, crashed and damaged, and that it changes none of them. */
class LogToolTest {

    private static final long NOBODY = 0x7FFF_FFF0L;
    private static final int OWNER_PID_OFFSET = 80;
    private static final String BASE = "ktm.blf";

    @TempDir
    private Path directory;

    private final List<Long> lsns = new ArrayList<>();

    /** What a run of the tool gave. */
    private record Answer(int code, String out, String err) {

        Map<String, Object> json() {
            return StrictJson.object(out);
        }

        List<Map<String, Object>> lines(String type) {
            return out.lines()
                    .map(StrictJson::object)
                    .filter(line -> type.equals(line.get("type")))
                    .toList();
        }

        @SuppressWarnings("unchecked")
        List<Map<String, Object>> list(String key) {
            return (List<Map<String, Object>>) json().getOrDefault(key, List.of());
        }

        List<Map<String, Object>> damages() {
            return list("findings").stream()
                    .filter(finding -> Boolean.TRUE.equals(finding.get("damage")))
                    .toList();
        }
    }

    private static Answer run(Object... words) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = LogTool.run(
                Arrays.stream(words).map(String::valueOf).toArray(String[]::new),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Answer(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Log open() throws LogException {
        var log = Log.open(
                directory,
                LogOptions.builder().containers(0).idleFlush(Duration.ZERO).build());
        if (log.containers().isEmpty()) {
            log.addContainers(2, 1);
        }
        return log;
    }

    private Log openAndWrite() throws LogException {
        var log = open();
        try (var orders = log.stream("orders");
                var stock = log.stream("st\"ück")) {
            long previous = Lsn.INVALID;
            for (int i = 0; i < 5; i++) {
                previous = orders.appendForced(data("order " + i), previous, Lsn.INVALID);
                lsns.add(previous);
            }
            lsns.add(stock.append(data("x".repeat(5000))));
            lsns.add(stock.writeRestart(data("checkpoint")));
        }
        return log;
    }

    private static ByteBuffer data(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void statTellsWhatAClosedLogIs() throws LogException {
        openAndWrite().close();

        var answer = run("stat", directory, "--json");

        assertThat(answer.code()).isEqualTo(LogTool.FINE);
        assertThat(answer.json())
                .containsEntry("kind", "multiplexed")
                .containsEntry("state", "closed")
                .containsEntry("incarnation", 1L)
                .containsEntry("records", 7L)
                .containsEntry("ownerPid", ProcessHandle.current().pid())
                .containsEntry("pinnedBy", "orders")
                .containsEntry("containerBytes", (long) LogKind.MULTIPLEXED.containerUnitBytes());
        assertThat(answer.list("streams"))
                .extracting(stream -> stream.get("name"), stream -> stream.get("last"), stream -> stream.get("records"))
                .containsExactly(
                        tuple("orders", Lsn.toString(lsns.get(4)), 5L),
                        tuple("st\"ück", Lsn.toString(lsns.get(6)), 2L));
        assertThat(answer.list("containers"))
                .extracting(container -> container.get("file"), container -> container.get("state"))
                .containsExactly(tuple("ktm-1.log", "needed"), tuple("ktm-2.log", "free"));
    }

    @Test
    void statIsReadableByPeople() throws LogException {
        openAndWrite().close();

        var answer = run("stat", directory);

        assertThat(answer.out())
                .contains("kind         multiplexed, ephemeral")
                .contains("state        closed in order")
                .contains("by stream \"orders\" from " + Lsn.toString(lsns.get(0)) + " on")
                .contains("ktm-2.log  2      0%    free");
    }

    @Test
    void verifyFindsNothingInAWholeLog() throws LogException {
        openAndWrite().close();

        var answer = run("verify", directory);

        assertThat(answer.code()).isEqualTo(LogTool.FINE);
        assertThat(answer.out()).contains("checked  2 containers", "7 records", "result   whole");
        assertThat(run("verify", directory, "--json").json()).containsEntry("damaged", false);
    }

    @Test
    void dumpShowsEveryRecord() throws LogException {
        openAndWrite().close();

        var answer = run("dump", directory, "--json", "--payload", "hex");

        assertThat(answer.code()).isEqualTo(LogTool.FINE);
        assertThat(answer.lines("record"))
                .extracting(line -> line.get("lsn"))
                .containsExactlyElementsOf(lsns.stream().map(Lsn::toString).toList());
        assertThat(answer.lines("record").get(1))
                .containsEntry("stream", "orders")
                .containsEntry("kind", "data")
                .containsEntry("previous", Lsn.toString(lsns.get(0)))
                .containsEntry("undoNext", "invalid")
                .containsEntry("payload", "6f726465722031");
        assertThat(answer.lines("record").get(6)).containsEntry("kind", "restart");
        assertThat(answer.lines("frame")).hasSizeGreaterThan(5);
    }

    @Test
    void dumpShowsWhatIsAskedFor() throws LogException {
        openAndWrite().close();

        var some = run(
                "dump",
                directory,
                "--stream",
                "orders",
                "--from",
                Lsn.toString(lsns.get(1)),
                "--limit",
                2,
                "--payload",
                "text");

        assertThat(some.code()).isEqualTo(LogTool.FINE);
        assertThat(some.out().lines().filter(line -> line.startsWith("  ")))
                .hasSize(2)
                .allMatch(line -> line.contains("orders"))
                .anyMatch(line -> line.endsWith("7 bytes    order 1"))
                .anyMatch(line -> line.endsWith("7 bytes    order 2"));
        var missing = run("dump", directory, "--stream", "nobody");
        assertThat(missing.code()).isEqualTo(LogTool.USAGE);
        assertThat(missing.err()).contains("orders", "nobody");
    }

    @Test
    void dumpMarksWhatWasCutOff() throws LogException {
        var options = LogOptions.builder().kind(LogKind.DEDICATED).containers(0).build();
        try (var log = Log.open(directory, options)) {
            log.addContainers(2, 1);
            var stream = log.stream();
            long kept = stream.appendForced(data("kept"));
            stream.appendForced(data("cut"));
            stream.truncateEnd(kept);
            stream.appendForced(data("later"));
        }

        assertThat(run("dump", directory, "--json").lines("record"))
                .extracting(line -> line.getOrDefault("standing", ""))
                .containsExactly("", "cut off", "cut off", "");
    }

    @Test
    void aLogThatIsOpenIsLookedAtWithoutHarm() throws Exception {
        try (var log = openAndWrite()) {
            log.addContainers(2);
            try (var stock = log.stream("st\"ück")) {
                stock.clear();
            }
            var stop = new AtomicBoolean();
            var threads = Executors.newFixedThreadPool(2);
            try {
                var writers =
                        List.of(threads.submit(writer(log, "orders", stop)), threads.submit(writer(log, "b", stop)));
                for (int i = 0; i < 40; i++) {
                    var verified = run("verify", directory, "--json");
                    assertThat(verified.damages()).isEmpty();
                    assertThat(verified.code()).isEqualTo(LogTool.FINE);
                    var stat = run("stat", directory, "--json");
                    assertThat(stat.json()).containsEntry("state", "open").containsEntry("ownerLives", true);
                    var dump = run("dump", directory, "--json");
                    assertThat(dump.code()).isEqualTo(LogTool.FINE);
                    assertThat(dump.lines("frame")).isNotEmpty();
                }
                stop.set(true);
                for (Future<Void> writer : writers) {
                    writer.get(60, TimeUnit.SECONDS);
                }
            } finally {
                stop.set(true);
                threads.shutdownNow();
            }
        }
        assertThat(run("verify", directory).code()).isEqualTo(LogTool.FINE);
        open().close();
    }

    /** Appends, and lets containers be recycled all the time. */
    private static Callable<Void> writer(Log log, String name, AtomicBoolean stop) {
        return () -> {
            try (var stream = log.stream(name)) {
                for (int i = 0; !stop.get(); i++) {
                    try {
                        long lsn = stream.appendForced(ByteBuffer.allocate(8000));
                        if (i % 5 == 0) {
                            stream.advanceBase(lsn);
                        }
                    } catch (LogFullException e) {
                        // The other writer got no time; it may need what this one is in front of, and so may this one.
                        stream.clear();
                        Thread.onSpinWait();
                    }
                }
            }
            return null;
        };
    }

    @Test
    void aTornEndOfACrashedLogIsNoDamage() throws IOException {
        crash();
        var dump = run("dump", directory, "--json").lines("frame");
        flip("ktm-1.log", offsetOf(dump, dump.size() - 1) + 100);

        var answer = run("verify", directory, "--json");

        assertThat(answer.code()).isEqualTo(LogTool.FINE);
        assertThat(answer.json()).containsEntry("state", "crashed");
        assertThat(run("stat", directory).out()).contains("its owner is gone");
        assertThat(run("dump", directory, "--json").lines("frame")).hasSize(dump.size() - 1);
        open().close();
    }

    @Test
    void everyDamageIsReportedWithItsPlaceAndWhatToDo() throws IOException {
        crash();
        var frames = run("dump", directory, "--json").lines("frame");
        flip("ktm-1.log", offsetOf(frames, 1) + 70);
        flip("ktm-1.log", offsetOf(frames, 3) + 70);
        flip("ktm-2.log", 20);

        var answer = run("verify", directory, "--json");

        assertThat(answer.code()).isEqualTo(LogTool.DAMAGED);
        assertThat(answer.damages())
                .extracting(finding -> finding.get("file"), finding -> finding.get("offset"))
                .containsExactly(
                        tuple("ktm-2.log", 4L),
                        tuple("ktm-1.log", offsetOf(frames, 1)),
                        tuple("ktm-1.log", offsetOf(frames, 3)));
        assertThat(answer.damages())
                .allMatch(finding -> String.valueOf(finding.get("remedy")).contains("backup"));
        var dump = run("dump", directory, "--json");
        assertThat(dump.code()).isEqualTo(LogTool.DAMAGED);
        assertThat(dump.lines("frame")).hasSize(frames.size() - 2);
        assertThat(dump.lines("finding")).hasSize(3);
        assertThat(run("verify", directory).out()).contains("DAMAGE  ktm-1.log at offset", "to do     restore");
    }

    @Test
    void aMissingAndACutContainerAreReported() throws IOException {
        openAndWrite().close();
        Files.delete(directory.resolve("ktm-2.log"));
        Files.write(directory.resolve("ktm-1.log"), Arrays.copyOf(read("ktm-1.log"), 8200));

        var answer = run("verify", directory, "--json");

        assertThat(answer.code()).isEqualTo(LogTool.DAMAGED);
        assertThat(answer.damages())
                .extracting(finding -> finding.get("file"), finding -> finding.get("found"))
                .containsExactly(tuple("ktm-1.log", "8200 bytes"), tuple("ktm-2.log", "no such file"));
        assertThat(run("dump", directory, "--json").lines("frame")).hasSize(1);
    }

    @Test
    void oneDamagedCopyOfTheBaseLogFileIsReportedAndGotRound() throws IOException {
        openAndWrite().close();
        flip(BASE, 50);

        var answer = run("verify", directory, "--json");

        assertThat(answer.code()).isEqualTo(LogTool.DAMAGED);
        assertThat(answer.damages()).hasSize(1).allMatch(finding -> BASE.equals(finding.get("file")));
        assertThat(answer.json()).containsEntry("records", 7L);
    }

    @Test
    void withoutABaseLogFileTheContainersAreSalvaged() throws IOException {
        openAndWrite().close();
        flip(BASE, 50);
        flip(BASE, LogMetadata.COPY_BYTES + 50);
        assertSalvages();

        Files.delete(directory.resolve(BASE));
        assertSalvages();
    }

    @Test
    void allCommandsSayDamageOfABaseLogFileThatIsGarbageEmptyOrMissing() throws IOException {
        openAndWrite().close();
        Files.writeString(directory.resolve(BASE), "garbage");
        assertAllSayDamage();

        Files.write(directory.resolve(BASE), new byte[0]);
        assertAllSayDamage();

        Files.delete(directory.resolve(BASE));
        assertAllSayDamage();
    }

    private void assertAllSayDamage() {
        for (var command : List.of("stat", "verify", "dump")) {
            assertThat(run(command, directory).code()).as(command).isEqualTo(LogTool.DAMAGED);
            assertThat(run(command, directory, "--json").code()).as(command).isEqualTo(LogTool.DAMAGED);
        }
        var stat = run("stat", directory, "--json");
        assertThat(stat.json()).containsEntry("damaged", true);
        assertThat(stat.damages()).isNotEmpty().allMatch(finding -> BASE.equals(finding.get("file")));
        assertThat(stat.err()).isEmpty();
        assertThat(run("stat", directory).err()).contains("'verify' tells where", "'dump' shows what is left");
    }

    private void assertSalvages() {
        assertThat(run("verify", directory, "--json").damages()).isNotEmpty();
        assertThat(run("verify", directory).code()).isEqualTo(LogTool.DAMAGED);
        assertThat(run("stat", directory).code()).isEqualTo(LogTool.DAMAGED);
        var dump = run("dump", directory, "--json");
        assertThat(dump.code()).isEqualTo(LogTool.DAMAGED);
        assertThat(dump.lines("record"))
                .extracting(line -> line.get("lsn"))
                .containsExactlyElementsOf(lsns.stream().map(Lsn::toString).toList());
        var raw = run("dump", directory, "--raw", "ktm-1.log", "--payload", "text");
        assertThat(raw.code()).isEqualTo(LogTool.FINE);
        assertThat(raw.out()).contains("order 3");
    }

    @Test
    void aSalvageGoesOnBehindADamagedContainerHeader() throws IOException {
        openAndWrite().close();
        Files.delete(directory.resolve(BASE));
        flip("ktm-1.log", 30);

        var raw = run("dump", directory, "--raw", "ktm-1.log", "--json");

        assertThat(raw.code()).isEqualTo(LogTool.DAMAGED);
        assertThat(raw.lines("record")).hasSize(lsns.size());
        assertThat(raw.lines("finding")).hasSize(1);
    }

    @Test
    void filesThatAreNotOfTheLogAreNotedAndNoDamage() throws IOException {
        openAndWrite().close();
        Files.writeString(directory.resolve("notes.txt"), "hello");
        Files.copy(directory.resolve("ktm-1.log"), directory.resolve("ktm-1.log.bak"));
        Files.write(directory.resolve("ktm-9.log.ktm-new"), new byte[10]);
        Files.createDirectory(directory.resolve("sub"));

        var answer = run("verify", directory, "--json");

        assertThat(answer.code()).isEqualTo(LogTool.FINE);
        assertThat(answer.list("findings"))
                .extracting(finding -> finding.get("file"))
                .containsExactly("ktm-1.log.bak", "ktm-9.log.ktm-new", "notes.txt", "sub");
        open().close();
        assertThat(directory.resolve("ktm-1.log.bak")).exists();
        assertThat(directory.resolve("ktm-9.log.ktm-new")).doesNotExist();
    }

    @Test
    void nothingIsEverChanged() throws IOException {
        crash();
        flip("ktm-1.log", 5000);
        var before = snapshot();

        for (var command : List.of("stat", "verify", "dump")) {
            run(command, directory);
            run(command, directory, "--json");
        }
        run("dump", directory, "--raw", "ktm-1.log");

        assertThat(snapshot()).isEqualTo(before);
        assertThat(directory.resolve("ktm.lock")).doesNotExist();
    }

    @Test
    void whatCannotBeDoneIsSaidClearly() throws IOException {
        var file = Files.writeString(directory.resolve("file"), "x");
        var missing = directory.resolve("missing");

        assertThat(run("stat", missing)).isEqualTo(new Answer(3, "", "no such file or directory: " + missing + nl()));
        assertThat(run("verify", file).err()).contains("not a directory: " + file);
        assertThat(run("verify", directory).code()).isEqualTo(LogTool.UNREADABLE);
        assertThat(run("verify", directory).err()).contains("no log there");
        assertThat(run("dump", directory, "--raw", "nothing").code()).isEqualTo(LogTool.UNREADABLE);
        assertThat(run("dump", directory, "--raw", "../file").code()).isEqualTo(LogTool.USAGE);
        assertThat(missing).doesNotExist();
    }

    @Test
    void anotherToolSaysItselfWhatCannotBeDone() throws IOException {
        openAndWrite().close();
        var said = new ByteArrayOutputStream();
        var stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        var missing = directory.resolve("missing").toString();
        var found = directory.toString();

        assertThatThrownBy(() -> LogTool.answer(new String[] {"stat", missing, "--json"}, stream, stream))
                .isInstanceOfSatisfying(
                        NoSuchFileException.class,
                        e -> assertThat(LogTool.explain(e, missing))
                                .isEqualTo("no such file or directory: " + missing));
        for (var line : new String[][] {
            {"dump", found, "--from", "zz"}, {"dump", found, "--stream", "nobody", "--json"}, {"stat", "\0"}
        }) {
            assertThatThrownBy(() -> LogTool.answer(line, stream, stream))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageNotContaining("--help");
        }
        assertThat(said.size()).isZero();
    }

    @Test
    void aCommandLineThatMakesNoSenseIsRefused() {
        var lines = List.of(
                new Object[] {},
                new Object[] {"mend", directory},
                new Object[] {"stat"},
                new Object[] {"stat", "--json"},
                new Object[] {"stat", directory, "--limit", 3},
                new Object[] {"verify", directory, "--yaml"},
                new Object[] {"dump", directory, "--limit"},
                new Object[] {"dump", directory, "--limit", "many"},
                new Object[] {"dump", directory, "--limit", -1},
                new Object[] {"dump", directory, "--from", "81001:0"},
                new Object[] {"dump", directory, "--from", "zebra"},
                new Object[] {"dump", directory, "--payload", "base64"},
                new Object[] {"dump", directory, "--raw", "a", "--stream", "b"},
                new Object[] {"dump", directory, "extra"},
                new Object[] {"stat", "\0"});

        for (var line : lines) {
            var answer = run(line);
            assertThat(answer.code()).as("%s", Arrays.toString(line)).isEqualTo(LogTool.USAGE);
            assertThat(answer.out()).isEmpty();
            assertThat(answer.err()).isNotBlank();
        }
    }

    @Test
    void helpAndVersionAreThere() {
        assertThat(run("--help").out()).contains("usage:", "exit codes", "--payload FORM");
        assertThat(run("dump", "--help").code()).isEqualTo(LogTool.FINE);
        assertThat(run("--version").out()).isNotBlank();
    }

    @Test
    void aProcessOfItsOwnLooksAtALogThatIsOpenHere() throws Exception {
        try (var log = openAndWrite()) {
            var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
            var classes = Path.of(LogTool.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
            var child = new ProcessBuilder(
                            java, "-cp", classes, "dev.ktm.log.tool.LogTool", "stat", directory.toString(), "--json")
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            var out = new String(child.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

            assertThat(child.waitFor()).isEqualTo(LogTool.FINE);
            assertThat(StrictJson.object(out))
                    .containsEntry("state", "open")
                    .containsEntry("ownerPid", ProcessHandle.current().pid());
            assertThat(log.force()).isPositive();
        }
    }

    /** Leaves the directory as a crash of the owner would: not closed, and the owner gone. */
    private void crash() throws IOException {
        var image = new TreeMap<String, byte[]>();
        try (var log = openAndWrite()) {
            log.force();
            for (var name : List.of(BASE, "ktm-1.log", "ktm-2.log")) {
                image.put(name, read(name));
            }
        }
        Files.delete(directory.resolve("ktm.lock"));
        for (var file : image.entrySet()) {
            Files.write(directory.resolve(file.getKey()), file.getValue());
        }
        var base = ByteBuffer.wrap(read(BASE)).order(ByteOrder.LITTLE_ENDIAN);
        for (int copy = 0; copy < 2; copy++) {
            var bytes = base.slice(copy * LogMetadata.COPY_BYTES, LogMetadata.COPY_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN);
            bytes.putLong(OWNER_PID_OFFSET, NOBODY);
            bytes.putInt(4, new Checksum().of(bytes, 8, LogMetadata.COPY_BYTES));
        }
        Files.write(directory.resolve(BASE), base.array());
    }

    private static long offsetOf(List<Map<String, Object>> frames, int index) {
        return frames.get(index).get("offset") instanceof Long offset ? offset : -1;
    }

    private byte[] read(String name) throws IOException {
        return Files.readAllBytes(directory.resolve(name));
    }

    private void flip(String name, long offset) throws IOException {
        var bytes = read(name);
        bytes[(int) offset] ^= 4;
        Files.write(directory.resolve(name), bytes);
    }

    private Map<String, String> snapshot() throws IOException {
        var state = new TreeMap<String, String>();
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                state.put(
                        file.getFileName().toString(),
                        Files.getLastModifiedTime(file) + " " + Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return state;
    }

    private static String nl() {
        return System.lineSeparator();
    }
}
