/** Tests of the registry. */
@NullMarked
package dev.ktm.registry;

import org.jspecify.annotations.NullMarked;
