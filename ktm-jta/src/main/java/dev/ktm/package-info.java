/**
 * The front door of the transaction manager. Its types arrive with the coordinator; the log beneath it is the module
 * {@code ktm-log}.
 */
@NullMarked
package dev.ktm;

import org.jspecify.annotations.NullMarked;
