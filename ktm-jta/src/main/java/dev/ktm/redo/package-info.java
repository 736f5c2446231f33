/**
 * What resource managers with data of their own have in common: they log what they are about to change in a stream of the
 * coordinator's log, so that one force makes a decision and everything it is about durable. Start with {@link
 * dev.ktm.redo.RedoResourceManager} (the driver), {@link dev.ktm.redo.RedoStore} (the data) and {@link dev.ktm.redo.RedoWork}
 * (what one transaction changes).
 */
@NullMarked
package dev.ktm.redo;

import org.jspecify.annotations.NullMarked;
