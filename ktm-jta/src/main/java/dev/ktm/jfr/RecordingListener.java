package dev.ktm.jfr;

import dev.ktm.tm.TransactionManagers;
import dev.ktm.tm.TransactionObserver;
import java.util.concurrent.locks.ReentrantLock;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;

/** Watches transactions while something is recorded. */
final class RecordingListener implements FlightRecorderListener {

    private final TransactionManagers managers;
    private final ReentrantLock lock = new ReentrantLock();
    private TransactionObserver.@Nullable Registration watching;
    private boolean closed;

    private RecordingListener(TransactionManagers managers) {
        this.managers = managers;
    }

    static RecordingListener listen(TransactionManagers managers) {
        var listener = new RecordingListener(managers);
        FlightRecorder.addListener(listener);
        return listener;
    }

    @Override
    public void recorderInitialized(FlightRecorder recorder) {
        look(recorder);
    }

    @Override
    public void recordingStateChanged(Recording recording) {
        look(FlightRecorder.getFlightRecorder());
    }

    /** Whether anything is recorded may change at any time: what counts is how it is now. */
    private void look(FlightRecorder recorder) {
        boolean isOn = recorder.getRecordings().stream().anyMatch(each -> each.getState() == RecordingState.RUNNING);
        lock.lock();
        try {
            watch(isOn && !closed);
        } finally {
            lock.unlock();
        }
    }

    private void watch(boolean wanted) {
        var known = watching;
        if (wanted && known == null) {
            watching = managers.observe(RecordedTransaction::new);
        } else if (!wanted && known != null) {
            known.close();
            watching = null;
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            watch(false);
        } finally {
            lock.unlock();
        }
        FlightRecorder.removeListener(this);
    }
}
