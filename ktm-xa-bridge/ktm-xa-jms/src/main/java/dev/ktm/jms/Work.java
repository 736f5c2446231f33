package dev.ktm.jms;

import jakarta.jms.JMSException;
import jakarta.jms.Session;

/** What a call of a handle goes to: the session of a transaction, or the one that a handle has outside any. */
sealed interface Work permits EnlistedSession, LocalWork {

    /** Something that is done with a session. */
    @FunctionalInterface
    interface Call<T> {
        T on(Session session) throws JMSException;
    }

    /**
     * Does it.
     *
     * @throws JMSException if it fails, or if nothing may be done with the session any more
     */
    <T> T call(Call<T> call) throws JMSException;
}
