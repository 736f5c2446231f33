/** The model in {@code docs/model}, checked. */
@NullMarked
package dev.ktm.model;

import org.jspecify.annotations.NullMarked;
