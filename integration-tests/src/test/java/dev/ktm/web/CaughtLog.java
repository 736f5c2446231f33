package dev.ktm.web;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What is logged below a name while this is open. */
final class CaughtLog implements AutoCloseable {

    private final Logger logger;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord each) {
            lines.add(each.getMessage() + ' ' + each.getThrown());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    CaughtLog(String name) {
        this.logger = Logger.getLogger(name);
        logger.addHandler(handler);
    }

    String text() {
        return String.join("\n", lines);
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
    }
}
