package dev.ktm.benchmark;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.Log;
import dev.ktm.log.LogException;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.rm.KtmException;
import java.nio.file.Path;
import java.util.Optional;

/** KTM with its default options: its unit of work is a transaction. */
final class KtmCoordinator implements DurableLog {

    private final Ktm ktm;
    private final Optional<Log> log;
    private final TransactionShape shape;

    private KtmCoordinator(KtmOptions.Builder options, TransactionShape shape) throws KtmException, LogException {
        this.ktm = Ktm.open(options.build());
        this.log = ktm.manager().log();
        this.shape = shape;
        if (log.isPresent()) {
            KtmLogAdapter.awaitFilled(log.get());
        }
    }

    /** A coordinator on the disk, for transactions of two resources. */
    static KtmCoordinator open(Path directory) throws KtmException, LogException {
        return open(directory, TransactionShape.TWO_RESOURCES);
    }

    /** A coordinator on the disk. */
    static KtmCoordinator open(Path directory, TransactionShape shape) throws KtmException, LogException {
        return new KtmCoordinator(KtmOptions.builder().logDirectory(directory), shape);
    }

    /** A coordinator on any device. */
    static KtmCoordinator on(LogDevice device, TransactionShape shape) throws KtmException, LogException {
        return new KtmCoordinator(KtmOptions.builder().device(device), shape);
    }

    /** A coordinator without a log. */
    static KtmCoordinator inMemory(TransactionShape shape) throws KtmException, LogException {
        return new KtmCoordinator(KtmOptions.builder().inMemory(), shape);
    }

    Ktm ktm() {
        return ktm;
    }

    @Override
    public Appender appender() {
        return shape.of(ktm.transactionManager());
    }

    @Override
    public long forces() {
        try {
            return log.isPresent() ? log.get().stats().frames() : UNCOUNTED;
        } catch (LogException e) {
            throw new IllegalStateException("the log has no figures", e);
        }
    }

    @Override
    public void close() {
        ktm.close();
    }
}
