package dev.ktm.log;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the log says to its logger, in place of the console. */
final class LoggedWarnings {

    private final List<String> messages = new CopyOnWriteArrayList<>();
    private final Logger logger = Logger.getLogger("dev.ktm.log");
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            messages.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    void start() {
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    void stop() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }

    void clear() {
        messages.clear();
    }

    List<String> messages() {
        return messages;
    }
}
