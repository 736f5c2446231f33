@NullMarked
package dev.ktm.observability;

import org.jspecify.annotations.NullMarked;
