/** What is published, and what comes with it. */
@NullMarked
package dev.ktm.publication;

import org.jspecify.annotations.NullMarked;
