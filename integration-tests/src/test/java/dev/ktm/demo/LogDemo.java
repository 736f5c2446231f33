package dev.ktm.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.LogStream;
import dev.ktm.log.Lsn;
import dev.ktm.log.ReadMode;
import dev.ktm.log.testing.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * Shows the log at work: a process commits until it is killed, and the next one finds every commit that was
 * acknowledged.
 */
public final class LogDemo {

    private static final int COMMITS_BEFORE_THE_KILL = 5_000;

    private LogDemo() {}

    /** Runs the demonstration, in a temporary directory that it deletes again. */
    public static void main(String[] args) throws Exception {
        if (args.length == 1) {
            commitForEver(Path.of(args[0]));
            return;
        }
        var directory = Files.createTempDirectory("ktm-log-demo");
        try {
            System.out.println("A process commits to a log in " + directory + " ...");
            long acknowledged = killAfterSomeCommits(directory);
            System.out.println("... and was killed. It had acknowledged commit " + acknowledged + ".");
            recover(directory, acknowledged);
        } finally {
            deleteAll(directory);
        }
    }

    /** A commit is a record in each of two streams, made durable by one force. */
    private static void commitForEver(Path directory) throws LogException {
        try (var log = Log.open(directory, LogOptions.defaults());
                var files = log.stream("files");
                var decisions = log.stream("tm")) {
            for (long commit = 1; ; commit++) {
                files.append(text("file change of commit " + commit));
                decisions.appendForced(text("commit " + commit));
                System.out.println(commit);
            }
        }
    }

    private static long killAfterSomeCommits(Path directory) throws IOException, InterruptedException {
        var child = new ProcessBuilder(JavaCommand.of(List.of(), LogDemo.class.getName(), directory))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long acknowledged = 0;
        try (var lines = new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                // The kill may cut the last line short.
                acknowledged = Math.max(acknowledged, Long.parseLong(line));
                if (acknowledged == COMMITS_BEFORE_THE_KILL) {
                    child.toHandle().destroyForcibly();
                }
            }
        }
        child.waitFor();
        return acknowledged;
    }

    private static void recover(Path directory, long acknowledged) throws LogException {
        long start = System.nanoTime();
        try (var log = Log.open(directory, LogOptions.defaults());
                var files = log.stream("files");
                var decisions = log.stream("tm")) {
            System.out.println("The next process opened the log in " + (System.nanoTime() - start) / 1_000_000
                    + " ms, its incarnation " + log.incarnation() + ".");
            long commits = count(decisions);
            System.out.println("It finds " + commits + " commits and " + count(files) + " file changes; "
                    + (commits >= acknowledged ? "none that was acknowledged is missing." : "SOME ARE MISSING."));

            decisions.writeRestart(text("all done"), decisions.last());
            files.clear();
            System.out.println("After a restart area that moves the base it finds " + count(decisions)
                    + " records; the space of the others is free.");
        }
    }

    private static long count(LogStream stream) throws LogException {
        var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
        long records = 0;
        while (reader.next()) {
            records++;
        }
        return records;
    }

    private static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var paths = Files.walk(directory)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
