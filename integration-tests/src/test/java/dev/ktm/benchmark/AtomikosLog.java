package dev.ktm.benchmark;

import com.atomikos.icatch.config.Configuration;
import com.atomikos.recovery.PendingTransactionRecord;
import com.atomikos.recovery.TxState;
import com.atomikos.recovery.fs.CachedRepository;
import com.atomikos.recovery.fs.FileSystemRepository;
import com.atomikos.recovery.fs.InMemoryRepository;
import java.io.File;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** The log of Atomikos TransactionsEssentials. Only one at a time, for its settings are static. */
final class AtomikosLog implements DurableLog {

    private final AtomicLong transactions = new AtomicLong();
    private final CachedRepository repository;

    private AtomikosLog(CachedRepository repository) {
        this.repository = repository;
    }

    /** A checkpoint after every 500 records, which is the default. */
    static AtomikosLog open(Path directory) throws Exception {
        return open(directory, 500);
    }

    /** Checkpoints so rare that they do not count. */
    static AtomikosLog openWithRareCheckpoints(Path directory) throws Exception {
        return open(directory, 50_000);
    }

    private static AtomikosLog open(Path directory, int checkpointInterval) throws Exception {
        var properties = Configuration.getConfigProperties();
        properties.setProperty("com.atomikos.icatch.log_base_dir", directory + File.separator);
        properties.setProperty("com.atomikos.icatch.log_base_name", "tmlog");
        properties.setProperty("com.atomikos.icatch.checkpoint_interval", String.valueOf(checkpointInterval));
        properties.setProperty("com.atomikos.icatch.forget_orphaned_log_entries_delay", "86400000");
        var memory = new InMemoryRepository();
        memory.init();
        var file = new FileSystemRepository();
        file.init();
        var repository = new CachedRepository(memory, file);
        repository.init();
        return new AtomikosLog(repository);
    }

    @Override
    public Appender appender() {
        return () -> {
            var id = "benchmark.tm" + System.currentTimeMillis() + transactions.getAndIncrement();
            var committing = new PendingTransactionRecord(id, TxState.COMMITTING, Long.MAX_VALUE, "benchmark.tm");
            repository.put(id, committing);
            repository.put(id, committing.markAsTerminated());
        };
    }

    @Override
    public void close() {
        repository.close();
    }
}
