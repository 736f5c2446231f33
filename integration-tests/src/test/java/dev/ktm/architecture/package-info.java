/**
 * The borders inside the product, checked on the compiled classes. Start at {@link dev.ktm.architecture.Rules}; the
 * packages below {@code planted} break each rule once, to show that it notices.
 */
@NullMarked
package dev.ktm.architecture;

import org.jspecify.annotations.NullMarked;
