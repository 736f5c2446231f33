package dev.ktm.jfr;

import dev.ktm.tm.TransactionManagers;
import java.util.concurrent.locks.ReentrantLock;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Watches transactions while the JDK Flight Recorder records something, whoever has started that and when; at other times it costs
 * a look at a field for each transaction, and no class of an event is loaded. Of a transaction that begins before a recording there are no
 * events.
 *
 * <p><b>Theory of operation.</b> A listener of the flight recorder is told of every recording; but to add one loads a good part of the
 * recorder, which takes some milliseconds of the start of an application that will never record anything. So nobody listens before the
 * recorder is initialized, for which each transaction that begins looks.
 */
public final class FlightRecording implements AutoCloseable {

    private final TransactionManagers managers;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable RecordingListener listener;
    private boolean closed;

    private FlightRecording(TransactionManagers managers) {
        this.managers = managers;
    }

    /**
     * Waits for recordings of the transactions of these.
     *
     * @return null if the JVM has no flight recorder
     */
    public static @Nullable FlightRecording start(TransactionManagers managers) {
        try {
            var started = new FlightRecording(managers);
            if (FlightRecorder.isInitialized()) {
                started.listen();
            } else {
                managers.whenOneBegins(FlightRecorder::isInitialized, started::listen);
            }
            return started;
        } catch (LinkageError e) {
            System.getLogger(FlightRecording.class.getName())
                    .log(System.Logger.Level.DEBUG, "there is no flight recorder in this JVM", e);
            return null;
        }
    }

    private void listen() {
        lock.lock();
        try {
            if (!closed) {
                listener = RecordingListener.listen(managers);
            }
        } catch (RuntimeException | Error e) {
            System.getLogger(FlightRecording.class.getName())
                    .log(System.Logger.Level.WARNING, "recordings have no events of transactions", e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            if (listener != null) {
                listener.close();
                listener = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
