package dev.ktm.benchmark;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogManager;

/** Where a benchmark prints its tables. Not thread-safe. */
final class Console {

    // The tables have characters that the terminal's encoding may lack.
    private final PrintStream out =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    /** Other products report what is of no interest here. */
    static void silenceLoggers() {
        LogManager.getLogManager().getLogger("").setLevel(Level.SEVERE);
    }

    void line(String text) {
        out.println(text);
    }

    /** Prints a section; without a title it belongs to the former one. */
    void print(String title, List<String> lines) {
        out.println();
        if (!title.isEmpty()) {
            out.println("### " + title);
            out.println();
        }
        lines.forEach(out::println);
    }
}
