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

    /** Runs a command and returns its exit code: for other tools that offer the same commands. */
    public static int run(String[] arguments, PrintStream out, PrintStream err) {
        Arguments parsed;
        try {
            parsed = Arguments.parse(arguments);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            err.println("'--help' tells what can be asked");
            return USAGE;
        }
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

    private static int look(Arguments arguments, PrintStream out, PrintStream err) {
        var directory = arguments.directory();
        try (var device = FileDevice.openToLook(Path.of(directory))) {
            return switch (arguments.command()) {
                case STAT -> new StatCommand(device, arguments, out, err).run();
                case VERIFY -> new VerifyCommand(device, arguments, out).run();
                case DUMP -> new DumpCommand(device, arguments, out, err).run();
                case HELP, VERSION -> throw new AssertionError(arguments.command());
            };
        } catch (IllegalArgumentException e) {
            err.println(e instanceof InvalidPathException ? "not a path: " + directory : e.getMessage());
            return USAGE;
        } catch (IOException e) {
            err.println(explain(e, directory));
            return UNREADABLE;
        }
    }

    private static String explain(IOException e, String directory) {
        if (e instanceof NotDirectoryException) {
            return "not a directory: " + directory + "; give the directory that holds the log";
        }
        if (e instanceof AccessDeniedException denied) {
            return "no permission to read " + denied.getFile() + "; run as the user that owns the log";
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
