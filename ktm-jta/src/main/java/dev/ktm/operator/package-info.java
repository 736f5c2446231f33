/**
 * What operators see of a coordinator and can do with it: one model, {@link dev.ktm.operator.Operations}, that every tool shows, and a
 * channel over which tools of the same user reach it. Start with {@code Ktm.operations()}; the channel is described in
 * {@code docs/operator.md}.
 */
@NullMarked
package dev.ktm.operator;

import org.jspecify.annotations.NullMarked;
