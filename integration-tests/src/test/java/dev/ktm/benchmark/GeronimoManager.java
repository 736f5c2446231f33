package dev.ktm.benchmark;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.geronimo.transaction.log.HOWLLog;
import org.apache.geronimo.transaction.manager.TransactionManagerImpl;
import org.apache.geronimo.transaction.manager.WrapperNamedXAResource;
import org.apache.geronimo.transaction.manager.XidFactoryImpl;

/** The transaction manager of Apache Geronimo over HOWL. */
final class GeronimoManager implements DurableLog {

    private static final int TIMEOUT_SECONDS = 60;

    private final HOWLLog log;
    private final TransactionManagerImpl manager;

    private GeronimoManager(HOWLLog log, XidFactoryImpl xids) throws Exception {
        log.doStart();
        this.log = log;
        this.manager = new TransactionManagerImpl(TIMEOUT_SECONDS, xids, log);
    }

    /** As Geronimo's own configuration has it: a buffer that is not full waits for 50 ms. */
    static GeronimoManager open(Path directory) throws Exception {
        return open(directory, false, Integer.MAX_VALUE, 2);
    }

    /** Buffers that are not full are flushed, and 16 files of 16 MiB are used again: with two of them it may hang. */
    static GeronimoManager openFastest(Path directory) throws Exception {
        return open(directory, true, 512, 16);
    }

    private static GeronimoManager open(Path directory, boolean flushPartialBuffers, int blocksPerFile, int files)
            throws Exception {
        var xids = new XidFactoryImpl("benchmark".getBytes(StandardCharsets.US_ASCII));
        var log = new HOWLLog(
                "org.objectweb.howl.log.BlockLogBuffer",
                32,
                true,
                true,
                50,
                directory.toString(),
                "log",
                "transaction",
                blocksPerFile,
                0,
                files,
                4,
                -1,
                flushPartialBuffers,
                xids,
                directory.toFile());
        return new GeronimoManager(log, xids);
    }

    @Override
    public Appender appender() {
        return TransactionShape.TWO_RESOURCES.of(
                manager, resource -> new WrapperNamedXAResource(resource, ((NoopResource) resource).getJndiName()));
    }

    @Override
    public void close() throws Exception {
        log.doStop();
    }
}
