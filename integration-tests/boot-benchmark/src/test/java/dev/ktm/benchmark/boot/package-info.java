/** Measures the same Spring Boot application with one transaction manager and with another. */
@NullMarked
package dev.ktm.benchmark.boot;

import org.jspecify.annotations.NullMarked;
