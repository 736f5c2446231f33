package dev.ktm.proof;

import dev.ktm.log.testing.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How workers are started.
 *
 * @param directory where what they say is kept
 * @param classPath theirs
 * @param options of their JVM
 * @param clock what their clock is, if it can be wrong
 */
record Machinery(Path directory, @Nullable String classPath, List<String> options, Optional<WrongClock> clock) {

    /** Before what a worker has written to its error stream. */
    static final String HEADER = "-- ";

    private static final int LONGEST_EXCERPT = 4_000;

    private Path errors() {
        return directory.resolve("worker.log");
    }

    /** The end of what workers have written to their error stream. */
    String lastErrors() throws IOException {
        var all = Files.exists(errors()) ? Files.readString(errors()) : "";
        return all.substring(Math.max(0, all.length() - LONGEST_EXCERPT));
    }

    /** A worker with this assignment. */
    Process start(Assignment assignment) throws IOException {
        var file = directory.resolve("assignment");
        assignment.write(file);
        var all = new ArrayList<>(options);
        all.add("-Dderby.stream.error.file=" + directory.resolve("derby.log"));
        var header = HEADER + assignment.mode() + " " + assignment.plan() + "\n";
        Files.writeString(errors(), header, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        var command = JavaCommand.of(all, Worker.class.getName(), file);
        if (classPath != null) {
            command.set(command.indexOf("-cp") + 1, classPath);
        }
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(errors().toFile()));
        clock.ifPresent(each -> each.putInto(builder.environment()));
        return builder.start();
    }
}
