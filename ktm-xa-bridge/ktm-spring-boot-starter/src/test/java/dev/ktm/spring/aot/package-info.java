/** An application that is processed ahead of time. */
@NullMarked
package dev.ktm.spring.aot;

import org.jspecify.annotations.NullMarked;
