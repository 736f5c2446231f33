/** Transactions with every cast of participants, crashed at every step. */
@NullMarked
package dev.ktm.simulation;

import org.jspecify.annotations.NullMarked;
