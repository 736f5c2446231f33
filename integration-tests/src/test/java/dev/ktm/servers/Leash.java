package dev.ktm.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process that cannot outlive this one. A shell holds it, and kills it as soon as its own input ends: when the leash is
 * closed, and when this JVM dies, however it dies.
 */
final class Leash implements AutoCloseable {

    private static final int SECONDS_TO_END = 60;
    private static final int LONGEST_EXCERPT = 4000;

    /** The log file, then the command. Says the id of the process; its own exit code is that of the process. */
    private static final String SCRIPT = """
            exec 3<&0
            log=$1
            shift
            "$@" >>"$log" 2>&1 3<&- &
            child=$!
            echo $child
            (cat <&3 >/dev/null; kill -9 $child) >/dev/null 2>&1 &
            watch=$!
            exec 3<&-
            wait $child
            code=$?
            kill $watch
            exit $code
            """;

    private final Path log;
    private final Process shell;
    private final ProcessHandle process;

    private Leash(Path log, Process shell, ProcessHandle process) {
        this.log = log;
        this.shell = shell;
        this.process = process;
    }

    /** Starts a process that writes what it says to the end of this file. */
    static Leash start(Path log, List<String> command) throws IOException {
        var all = new ArrayList<>(List.of("sh", "-c", SCRIPT, "leash", log.toString()));
        all.addAll(command);
        var shell = new ProcessBuilder(all)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        var said = new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.UTF_8));
        var id = said.readLine();
        if (id == null) {
            throw new IOException("could not start " + command);
        }
        var process = ProcessHandle.of(Long.parseLong(id));
        if (process.isEmpty()) {
            throw new IOException("ended at once: " + command + "\n" + lastWords(log));
        }
        return new Leash(log, shell, process.get());
    }

    boolean isRunning() {
        return shell.isAlive();
    }

    /** Sends a signal to it alone. */
    void signal(String name) throws IOException, InterruptedException {
        send(name, Stream.of(process));
    }

    /** Sends a signal to it and to everything that it has started. */
    void signalAll(String name) throws IOException, InterruptedException {
        // It first, so that it starts nothing new meanwhile.
        send(name, Stream.concat(Stream.of(process), process.descendants()));
    }

    private static void send(String name, Stream<ProcessHandle> processes) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("sh", "-c", "kill -\"$0\" \"$@\"", name));
        processes.map(each -> Long.toString(each.pid())).forEach(command::add);
        new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    /** Waits for its end, and answers with its exit code. */
    int awaitEnd() throws IOException, InterruptedException {
        if (!shell.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
            throw new IOException("did not end within " + SECONDS_TO_END + " seconds:\n" + lastWords());
        }
        shell.getOutputStream().close();
        return shell.exitValue();
    }

    /** The end of what it has said. */
    String lastWords() throws IOException {
        return lastWords(log);
    }

    private static String lastWords(Path log) throws IOException {
        var all = Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        return all.substring(Math.max(0, all.length() - LONGEST_EXCERPT));
    }

    /** Kills it and everything that it has started. */
    @Override
    public void close() throws IOException {
        var all = Stream.concat(Stream.of(process), process.descendants()).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        shell.getOutputStream().close();
        try {
            shell.waitFor(SECONDS_TO_END, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
