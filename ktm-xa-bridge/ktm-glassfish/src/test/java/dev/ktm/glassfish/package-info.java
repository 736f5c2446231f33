@NullMarked
package dev.ktm.glassfish;

import org.jspecify.annotations.NullMarked;
