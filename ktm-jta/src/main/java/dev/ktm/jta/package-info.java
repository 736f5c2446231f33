/**
 * The Jakarta Transactions and XA faces: a client of {@link dev.ktm.tm} that associates transactions with threads, and a resource
 * manager that turns notifications into calls of {@code XAResource}s. Applications get at them through {@code dev.ktm.Ktm}.
 */
@NullMarked
package dev.ktm.jta;

import org.jspecify.annotations.NullMarked;
