package dev.ktm.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.Charset;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the tool reads and writes.
 *
 * @param out what was asked for
 * @param err what went wrong
 * @param in answers to questions
 * @param interactive whether somebody is there to answer, and sees the output
 * @param environment what the shell says
 */
record Terminal(
        PrintStream out, PrintStream err, BufferedReader in, boolean interactive, Map<String, String> environment) {

    /** That of this process, which writes there. */
    static Terminal ofProcess(StandardOutput output) {
        var console = System.console();
        return new Terminal(
                new PrintStream(output, true, encoding("stdout.encoding", console)),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, encoding("stderr.encoding", console)),
                new BufferedReader(new InputStreamReader(System.in, encoding("stdin.encoding", console))),
                isTerminal(console),
                System.getenv());
    }

    /** Java 18 and later say what each stream is in, Java 17 what the platform is. */
    private static Charset encoding(String property, @Nullable Console console) {
        var name = System.getProperty(property, System.getProperty("native.encoding", "UTF-8"));
        return console != null && System.getProperty(property) == null
                ? console.charset()
                : Charset.isSupported(name) ? Charset.forName(name) : java.nio.charset.StandardCharsets.UTF_8;
    }

    /** From Java 22 on there is a console also where there is no terminal; it says which. */
    private static boolean isTerminal(@Nullable Console console) {
        if (console == null) {
            return false;
        }
        try {
            return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
        } catch (NoSuchMethodException e) {
            return true;
        } catch (IllegalAccessException | InvocationTargetException e) {
            return false;
        }
    }

    /** Whether to use colours: on a terminal that has some, unless somebody wants none. */
    boolean coloured() {
        return interactive
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "xterm").equals("dumb");
    }

    /** Asks, and returns the answer; empty if there is none. */
    String ask(String question) {
        out.print(question);
        out.flush();
        try {
            var line = in.readLine();
            return line == null ? "" : line.strip();
        } catch (IOException e) {
            throw ToolException.failed("cannot read the answer: " + e.getMessage(), e);
        }
    }
}
