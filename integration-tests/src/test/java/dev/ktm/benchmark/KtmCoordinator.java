package dev.ktm.benchmark;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.LogStats;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.rm.KtmException;
import java.nio.file.Path;

/** KTM with its default options: its unit of work is a transaction. */
final class KtmCoordinator implements DurableLog {

    private final Ktm ktm;
    private final Log log;
    private final TransactionShape shape;

    private KtmCoordinator(KtmOptions.Builder options, TransactionShape shape) throws KtmException, LogException {
        this.ktm = Ktm.open(options.build());
        this.log = ktm.manager().log().orElseThrow();
        this.shape = shape;
        KtmLogAdapter.awaitFilled(log);
    }

    /** A coordinator on the disk, for transactions of two resources. */
    static KtmCoordinator open(Path directory) throws KtmException, LogException {
        return open(directory, TransactionShape.TWO_RESOURCES);
    }

    /** A coordinator on the disk. */
    static KtmCoordinator open(Path directory, TransactionShape shape) throws KtmException, LogException {
        return new KtmCoordinator(KtmOptions.builder().logDirectory(directory), shape);
    }

    /** A coordinator on any device, for transactions of two resources. */
    static KtmCoordinator on(LogDevice device) throws KtmException, LogException {
        return new KtmCoordinator(KtmOptions.builder().device(device), TransactionShape.TWO_RESOURCES);
    }

    Ktm ktm() {
        return ktm;
    }

    /** The figures of its log. */
    LogStats stats() {
        try {
            return log.stats();
        } catch (LogException e) {
            throw new IllegalStateException("the log has no figures", e);
        }
    }

    @Override
    public Appender appender() {
        return shape.of(ktm.transactionManager());
    }

    @Override
    public long forces() {
        return stats().frames();
    }

    @Override
    public void close() {
        ktm.close();
    }
}
