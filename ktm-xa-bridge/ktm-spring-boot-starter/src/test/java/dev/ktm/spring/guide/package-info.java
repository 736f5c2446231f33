/** The application of the guide. */
@NullMarked
package dev.ktm.spring.guide;

import org.jspecify.annotations.NullMarked;
