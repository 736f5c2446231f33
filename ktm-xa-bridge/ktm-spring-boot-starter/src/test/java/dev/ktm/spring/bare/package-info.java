/** An application with nothing but Spring's transactions. */
@NullMarked
package dev.ktm.spring.bare;

import org.jspecify.annotations.NullMarked;
