/**
 * Jakarta Messaging in transactions: start with {@link dev.ktm.jms.KtmConnectionFactory}, and with {@link
 * dev.ktm.jms.ListenerContainer} for messages that are to be worked on as they come.
 *
 * <p>What an application holds are handles. Each call looks which transaction its thread is in, and goes to a session of that
 * transaction, or, outside any, to a session of the handle's own.
 */
@NullMarked
package dev.ktm.jms;

import org.jspecify.annotations.NullMarked;
