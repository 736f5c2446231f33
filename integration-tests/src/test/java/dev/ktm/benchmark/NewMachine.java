package dev.ktm.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs of this class path in Java virtual machines of their own, of the same Java. */
final class NewMachine {

    private NewMachine() {}

    /**
     * What a program has said.
     *
     * @param line its first line
     * @param millis how long that took from the start of the machine, in milliseconds
     */
    record Answer(String line, double millis) {}

    /** Runs a program to its end. */
    static Answer run(Class<?> program, List<String> options, String... arguments) throws IOException {
        return run(System.getProperty("java.class.path"), program, options, arguments);
    }

    /** Runs a program of another class path to its end. */
    static Answer run(String classPath, Class<?> program, List<String> options, String... arguments)
            throws IOException {
        long start = System.nanoTime();
        var process = start(classPath, program, options, arguments);
        try (var output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            var line = output.readLine();
            double millis = (System.nanoTime() - start) / 1e6;
            while (output.readLine() != null) {
                // What it says besides is of no interest, but must have a place to go.
            }
            if (line == null) {
                throw new IOException("expected a line from " + program.getSimpleName() + ", found none");
            }
            return new Answer(line, millis);
        }
    }

    /** Starts a program; what it says on its error stream appears on ours. */
    static Process start(Class<?> program, List<String> options, String... arguments) throws IOException {
        return start(System.getProperty("java.class.path"), program, options, arguments);
    }

    private static Process start(String classPath, Class<?> program, List<String> options, String... arguments)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        command.add(classPath);
        command.add(program.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
