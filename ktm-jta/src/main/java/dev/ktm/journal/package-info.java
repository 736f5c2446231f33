/**
 * What the coordinator writes into its stream of the log, and reads from it after a restart. Start with {@link
 * dev.ktm.journal.Journal}.
 */
@NullMarked
package dev.ktm.journal;

import org.jspecify.annotations.NullMarked;
