@NullMarked
package dev.ktm.cdi;

import org.jspecify.annotations.NullMarked;
