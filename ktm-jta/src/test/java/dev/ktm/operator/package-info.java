/** What operators see and do, and the channel over which tools reach a coordinator. */
@NullMarked
package dev.ktm.operator;

import org.jspecify.annotations.NullMarked;
