package dev.ktm.jms;

import jakarta.jms.JMSException;
import jakarta.jms.Session;

/** The session that a handle has outside transactions: an ordinary one of the pool, with the handle's own mode. */
record LocalWork(Session session) implements Work {

    @Override
    public <T> T call(Call<T> call) throws JMSException {
        return call.on(session);
    }
}
