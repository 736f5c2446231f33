/** Coordinators in processes of their own, which are killed. */
@NullMarked
package dev.ktm.processes;

import org.jspecify.annotations.NullMarked;
