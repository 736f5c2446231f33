package dev.ktm.servers;

import javax.transaction.xa.XAException;

/** Is told of every step of the protocol, before and after. */
@FunctionalInterface
public interface Steps {

    /** Nothing happens at any step. */
    Steps UNDISTURBED = step -> {};

    /** The step is reached. */
    void reached(String step) throws XAException;

    /** Something that harms a server. */
    interface Harm {
        void done() throws Exception;
    }

    /** Does harm at the first time that a step is reached. */
    static Steps at(String when, Harm harm) {
        var done = new java.util.concurrent.atomic.AtomicBoolean();
        return step -> {
            if (step.equals(when) && done.compareAndSet(false, true)) {
                try {
                    harm.done();
                } catch (Exception e) {
                    throw new IllegalStateException("the harm could not be done", e);
                }
            }
        };
    }
}
