/**
 * The rules of commit, without any I/O: replies and requests go in, effects come out. Start with {@link
 * dev.ktm.protocol.TransactionProtocol}; what may be answered when is the table in {@link dev.ktm.protocol.Reply}.
 */
@NullMarked
package dev.ktm.protocol;

import org.jspecify.annotations.NullMarked;
