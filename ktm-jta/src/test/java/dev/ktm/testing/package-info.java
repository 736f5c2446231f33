/** Resource managers and devices for tests of transactions. */
@NullMarked
package dev.ktm.testing;

import org.jspecify.annotations.NullMarked;
