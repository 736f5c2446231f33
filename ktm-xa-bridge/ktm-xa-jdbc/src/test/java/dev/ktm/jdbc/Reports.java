package dev.ktm.jdbc;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the data source says to its logger while this is open. */
final class Reports extends Handler implements AutoCloseable {

    private final Logger logger = Logger.getLogger(KtmDataSource.class.getName());
    private final List<LogRecord> records = new CopyOnWriteArrayList<>();

    Reports() {
        logger.addHandler(this);
        logger.setUseParentHandlers(false);
    }

    List<LogRecord> all() {
        return List.copyOf(records);
    }

    List<String> texts() {
        return records.stream().map(LogRecord::getMessage).toList();
    }

    @Override
    public void publish(LogRecord record) {
        records.add(record);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setUseParentHandlers(true);
    }
}
