package dev.ktm.benchmark;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.objectweb.howl.log.Configuration;
import org.objectweb.howl.log.LogException;
import org.objectweb.howl.log.LogRecord;
import org.objectweb.howl.log.ReplayListener;
import org.objectweb.howl.log.xa.XALogger;

/** HOWL with the settings that Apache Geronimo's transaction manager gives it. */
final class HowlLog implements DurableLog {

    private final XALogger logger;

    private HowlLog(XALogger logger) {
        this.logger = logger;
    }

    /** Files grow without limit, which is the default. */
    static HowlLog open(Path directory) throws Exception {
        return open(directory, Integer.MAX_VALUE);
    }

    /** Files are used again after 16 MiB, by when they do not grow any more. */
    static HowlLog openWithSmallFiles(Path directory) throws Exception {
        return open(directory, 512);
    }

    private static HowlLog open(Path directory, int blocksPerFile) throws Exception {
        var configuration = new Configuration();
        configuration.setLogFileDir(directory + File.separator);
        configuration.setLogFileName("transaction");
        configuration.setLogFileExt("log");
        configuration.setBufferClassName("org.objectweb.howl.log.BlockLogBuffer");
        configuration.setBufferSize(32);
        configuration.setChecksumEnabled(true);
        configuration.setAdler32Checksum(true);
        configuration.setFlushSleepTime(50);
        configuration.setFlushPartialBuffers(true);
        configuration.setMaxBlocksPerFile(blocksPerFile);
        configuration.setMinBuffers(4);
        configuration.setMaxBuffers(0);
        configuration.setMaxLogFiles(2);
        configuration.setThreadsWaitingForceThreshold(-1);
        var logger = new XALogger(configuration);
        logger.open(new NothingToReplay());
        return new HowlLog(logger);
    }

    @Override
    public Appender appender() {
        var commit = new byte[][] {new byte[RECORD_BYTES]};
        var done = new byte[][] {"done".getBytes(StandardCharsets.US_ASCII)};
        return () -> {
            var committing = logger.putCommit(commit);
            logger.putDone(done, committing);
        };
    }

    @Override
    public void close() throws Exception {
        logger.close();
    }

    /** Recovery of a log that is new. */
    private static final class NothingToReplay implements ReplayListener {

        @Override
        public void onRecord(LogRecord logRecord) {
            // A new log has no records.
        }

        @Override
        public void onError(LogException failure) {
            throw new IllegalStateException("HOWL could not be opened", failure);
        }

        @Override
        public LogRecord getLogRecord() {
            return new LogRecord(RECORD_BYTES);
        }
    }
}
