package dev.ktm.log.tool;

import dev.ktm.log.storage.FileDevice;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Looks into a log: {@code java -jar ktm-log.jar verify DIR}. Works on a log that is open and on one that is damaged,
 * and changes nothing: it takes no lock, and opens files for reading only.
 *
 * <p>Exit codes: {@link #FINE}, {@link #DAMAGED}, {@link #USAGE}, {@link #UNREADABLE}.
 */
public final class LogTool {

    /** It was done, and nothing is wrong. */
    public static final int FINE = 0;
    /** It was done, and something in the log is damaged. */
    public static final int DAMAGED = 1;
    /** The command line makes no sense. */
    public static final int USAGE = 2;
    /** There is no log there, or it cannot be read. */
    public static final int UNREADABLE = 3;

    private static final String HELP = """
            Looks into a KTM log. Changes nothing, takes no lock; the log may be open meanwhile.

            usage: java -jar ktm-log.jar COMMAND DIR [OPTIONS]

            commands
              stat     what the log is, who has it open, how its space is used and who holds it
              verify   checks both copies of the base log file, every container, every frame, every record
              dump     every frame and every record

            options
              --json             stat, verify: one JSON document; dump: one JSON object per line
              --help             this text
              --version          the version of this tool

            options of dump
              --stream NAME      records of this stream only
              --from LSN         from here on; an LSN is shown as 81000:2, a frame's address is enough
              --limit N          at most so many records
              --payload FORM     the records' data: hex, text or none (the default)
              --raw FILE         whatever valid frames are in this container file of DIR, without the base log file

            exit codes
              0  done, and nothing is wrong
              1  done, and something is damaged
              2  wrong usage
              3  no log there, or it cannot be read
            """;

    private LogTool() {}

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        int code = run(arguments, System.out, System.err);
        System.out.flush();
        System.exit(code);
    }

    /** Runs a command, says what cannot be done, and returns the exit code. */
    public static int run(String[] arguments, PrintStream out, PrintStream err) {
        Arguments parsed;
        try {
            parsed = Arguments.parse(arguments);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            err.println("'--help' tells what can be asked");
            return USAGE;
        }
        try {
            return run(parsed, out, err);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            return USAGE;
        } catch (IOException e) {
            err.println(explain(e, parsed.directory()));
            return UNREADABLE;
        }
    }

    /**
     * Runs a command for another tool that offers the same ones, and leaves it to that to say what cannot be done. Nothing is on {@code
     * out} when this throws, unless it could not be read on in the middle of a dump.
     *
     * @return {@link #FINE} or {@link #DAMAGED}
     * @throws IllegalArgumentException if the command line makes no sense; the message is for people
     * @throws IOException if there is no log there, or it cannot be read; {@link #explain} has a message
     */
    public static int answer(String[] arguments, PrintStream out, PrintStream err) throws IOException {
        return run(Arguments.parse(arguments), out, err);
    }

    private static int run(Arguments parsed, PrintStream out, PrintStream err) throws IOException {
        return switch (parsed.command()) {
            case HELP -> {
                out.print(HELP);
                yield FINE;
            }
            case VERSION -> {
                out.println(Objects.requireNonNullElse(
                        LogTool.class.getPackage().getImplementationVersion(), "unreleased"));
                yield FINE;
            }
            case STAT, VERIFY, DUMP -> look(parsed, out, err);
        };
    }

    private static int look(Arguments arguments, PrintStream out, PrintStream err) throws IOException {
        try (var device = FileDevice.openToLook(path(arguments.directory()))) {
            return switch (arguments.command()) {
                case STAT -> new StatCommand(device, arguments, out, err).run();
                case VERIFY -> new VerifyCommand(device, arguments, out).run();
                case DUMP -> new DumpCommand(device, arguments, out, err).run();
                case HELP, VERSION -> throw new AssertionError(arguments.command());
            };
        }
    }

    private static Path path(String directory) {
        try {
            return Path.of(directory);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("not a path: " + directory, e);
        }
    }

    /** Why a log in this directory cannot be looked at, and what to do, for people. */
    public static String explain(IOException e, String directory) {
        if (e instanceof NotDirectoryException) {
            return "not a directory: " + directory + "; give the directory that holds the log";
        }
        if (e instanceof AccessDeniedException denied) {
            return "no permission to read " + denied.getFile() + "; run as the user that owns the log, or as root";
        }
        if (e instanceof NoSuchFileException missing) {
            return missing.getReason() == null
                    ? "no such file or directory: " + missing.getFile()
                    : missing.getFile() + ": " + missing.getReason();
        }
        return e instanceof FileSystemException
                ? "cannot read " + directory + ": " + e.getClass().getSimpleName() + ": " + e.getMessage()
                : "cannot read " + directory + ": " + e.getMessage();
    }
}
