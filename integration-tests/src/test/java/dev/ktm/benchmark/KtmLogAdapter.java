package dev.ktm.benchmark;

import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogOptions;
import dev.ktm.log.LogStream;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** KTM's log with its default options: one stream, and a base that follows the end, as that of a coordinator does. */
final class KtmLogAdapter implements DurableLog {

    /** After so many appends a caller moves the base; a power of two. */
    private static final int APPENDS_PER_ADVANCE = 256;

    private static final long ROOM_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long PROBE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Log log;
    private final LogStream stream;
    private final int recordBytes;

    private KtmLogAdapter(Log log, LogStream stream, int recordBytes) {
        this.log = log;
        this.stream = stream;
        this.recordBytes = recordBytes;
    }

    /** A log on the disk. */
    static KtmLogAdapter open(Path directory) throws LogException {
        return on(() -> fileDevice(directory));
    }

    /** A log on the disk, of records of another size than usual. */
    static KtmLogAdapter open(Path directory, int recordBytes) throws LogException {
        return on(() -> fileDevice(directory), recordBytes);
    }

    /** A log on any device. Returns once the log's containers are filled, which is done behind its use. */
    static KtmLogAdapter on(Supplier<LogDevice> device) throws LogException {
        return on(device, RECORD_BYTES);
    }

    private static KtmLogAdapter on(Supplier<LogDevice> device, int recordBytes) throws LogException {
        var log = Log.open(device.get(), LogOptions.defaults());
        awaitFilled(log);
        return new KtmLogAdapter(log, log.stream("benchmark"), recordBytes);
    }

    /** Waits until the containers of a log are filled, which is done behind its use. */
    static void awaitFilled(Log log) throws LogException {
        long deadline = System.nanoTime() + ROOM_NANOS;
        while (log.stats().filledContainers() < log.stats().containers()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("expected " + log.stats().containers() + " filled containers, found "
                        + log.stats().filledContainers());
            }
            LockSupport.parkNanos(PROBE_NANOS);
        }
    }

    private static LogDevice fileDevice(Path directory) {
        try {
            return FileDevice.openOrCreate(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Appender appender() {
        return new RecordAppender(stream, recordBytes);
    }

    @Override
    public long forces() {
        try {
            return log.stats().frames();
        } catch (LogException e) {
            throw new IllegalStateException("the log has no figures", e);
        }
    }

    @Override
    public void close() throws LogException {
        log.close();
    }

    /** One caller: forces a record, and declares now and then that the former ones are not needed any more. */
    private static final class RecordAppender implements Appender {
        private final LogStream stream;
        private final ByteBuffer data;
        private int appends;

        RecordAppender(LogStream stream, int recordBytes) {
            this.stream = stream;
            this.data = ByteBuffer.allocateDirect(recordBytes);
        }

        @Override
        public void appendForced() throws LogException {
            stream.appendForced(data);
            if ((++appends & (APPENDS_PER_ADVANCE - 1)) == 0) {
                stream.clear();
            }
        }
    }
}
