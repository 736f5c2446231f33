package dev.ktm.tm;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All who watch one transaction, and the phase that it is in.
 *
 * <p>Phases are entered by whoever carries out the {@link EffectQueue}, one at a time: what is to be carried out says which phase it
 * is. So nothing here needs a lock, and nobody is called under one.
 */
final class Watchers implements TransactionObservation {

    private final Observers.Guarded[] observers;
    private final TransactionObservation[] observations;
    private final long begun = System.nanoTime();
    private @Nullable TransactionPhase phase;
    private long phaseBegan;

    Watchers(Observers.Guarded[] observers, TransactionObservation[] observations) {
        this.observers = observers;
        this.observations = observations;
    }

    /** This phase is at hand; the one before it is over. Null if none is. */
    void enter(@Nullable TransactionPhase next) {
        var last = phase;
        if (next == last) {
            return;
        }
        long now = System.nanoTime();
        if (last != null) {
            phaseEnded(last, now - phaseBegan);
        }
        phase = next;
        phaseBegan = now;
        if (next != null) {
            phaseBegan(next);
        }
    }

    @Nullable
    TransactionPhase phase() {
        return phase;
    }

    long nanosSinceBegun() {
        return System.nanoTime() - begun;
    }

    private void tell(Consumer<TransactionObservation> call) {
        for (int i = 0; i < observations.length; i++) {
            try {
                call.accept(observations[i]);
            } catch (RuntimeException | Error e) {
                observers[i].failed(e);
            }
        }
    }

    @Override
    public void associated() {
        tell(TransactionObservation::associated);
    }

    @Override
    public void dissociated() {
        tell(TransactionObservation::dissociated);
    }

    @Override
    public void phaseBegan(TransactionPhase entered) {
        tell(each -> each.phaseBegan(entered));
    }

    @Override
    public void phaseEnded(TransactionPhase left, long nanos) {
        tell(each -> each.phaseEnded(left, nanos));
    }

    @Override
    public void ended(TransactionEnd end) {
        tell(each -> each.ended(end));
    }

    @Override
    public @Nullable BranchObservation called(BranchCall call) {
        var told = new @Nullable BranchObservation[observations.length];
        boolean isAnybody = false;
        for (int i = 0; i < observations.length; i++) {
            try {
                var each = observations[i].called(call);
                if (each != null) {
                    told[i] = each;
                    isAnybody = true;
                }
            } catch (RuntimeException | Error e) {
                observers[i].failed(e);
            }
        }
        return isAnybody ? new CallWatchers(observers, told) : null;
    }

    /** Those of them who watch one call. */
    private static final class CallWatchers implements BranchObservation {
        private final Observers.Guarded[] observers;
        private final @Nullable BranchObservation[] told;

        CallWatchers(Observers.Guarded[] observers, @Nullable BranchObservation[] told) {
            this.observers = observers;
            this.told = told;
        }

        private <T> void tell(BiConsumer<BranchObservation, T> call, T what) {
            for (int i = 0; i < told.length; i++) {
                var each = told[i];
                if (each != null) {
                    try {
                        call.accept(each, what);
                    } catch (RuntimeException | Error e) {
                        observers[i].failed(e);
                    }
                }
            }
        }

        @Override
        public void answered(BranchAnswer answer) {
            tell(BranchObservation::answered, answer);
        }

        @Override
        public void returned() {
            tell((each, nothing) -> each.returned(), "");
        }
    }
}
