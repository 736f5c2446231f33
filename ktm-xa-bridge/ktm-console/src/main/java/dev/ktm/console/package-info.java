/**
 * A web page of what {@link dev.ktm.operator.Operations} shows, for a browser on the same machine: transactions, resource managers, the log,
 * reports, and how it was over the last half hour. It shows only, unless it was opened for acting as well.
 */
@NullMarked
package dev.ktm.console;

import org.jspecify.annotations.NullMarked;
