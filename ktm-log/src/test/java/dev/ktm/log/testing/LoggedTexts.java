package dev.ktm.log.testing;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** All that is said to any of KTM's loggers while this is open, however quietly: each text with the stack traces that belong to it. */
public final class LoggedTexts extends Handler implements AutoCloseable {

    private final Logger logger = Logger.getLogger("dev.ktm");
    private final List<String> texts = new CopyOnWriteArrayList<>();
    private final Level before = logger.getLevel();

    /** Listens. */
    public LoggedTexts() {
        logger.setLevel(Level.ALL);
        logger.addHandler(this);
        logger.setUseParentHandlers(false);
    }

    /** What was said so far. */
    public List<String> all() {
        return List.copyOf(texts);
    }

    /** What somebody sees who prints a failure: its messages, and those of whatever caused it. */
    public static String printed(Throwable failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    @Override
    public void publish(LogRecord record) {
        var thrown = record.getThrown();
        texts.add(record.getMessage() + (thrown == null ? "" : "\n" + printed(thrown)));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setUseParentHandlers(true);
        logger.setLevel(before);
    }
}
