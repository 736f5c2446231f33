package dev.ktm.benchmark;

import bitronix.tm.TransactionManagerServices;
import bitronix.tm.journal.DiskJournal;
import bitronix.tm.utils.UidGenerator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** Bitronix' journal. Only one at a time, for its settings are static. */
final class BitronixLog implements DurableLog {

    /** The values of {@code javax.transaction.Status}. */
    private static final int COMMITTING = 8;

    private static final int COMMITTED = 3;

    private final DiskJournal journal = new DiskJournal();

    private BitronixLog() {}

    /** Two files of 2 MiB, which is the default. */
    static BitronixLog open(Path directory) throws IOException {
        return open(directory, 2);
    }

    /** Two files of 64 MiB, so that they are changed rarely. */
    static BitronixLog openWithLargeFiles(Path directory) throws IOException {
        return open(directory, 64);
    }

    private static BitronixLog open(Path directory, int megabytes) throws IOException {
        TransactionManagerServices.getConfiguration()
                .setServerId("benchmark")
                .setDisableJmx(true)
                .setMaxLogSizeInMb(megabytes)
                .setLogPart1Filename(directory.resolve("part1.btm").toString())
                .setLogPart2Filename(directory.resolve("part2.btm").toString());
        var log = new BitronixLog();
        log.journal.open();
        return log;
    }

    @Override
    public Appender appender() {
        var resources = Set.of("the first of two resources", "the second of two resources");
        return () -> {
            var transaction = UidGenerator.generateUid();
            journal.log(COMMITTING, transaction, resources);
            journal.force();
            journal.log(COMMITTED, transaction, resources);
        };
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
