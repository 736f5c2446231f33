/**
 * The proof campaign: random transactions over every resource manager that runs here, together, while the coordinator, the servers,
 * the network, the disk and the clock are harmed at random, and a checker that knows every attempt. Start with {@code Proof}.
 */
@NullMarked
package dev.ktm.proof;

import org.jspecify.annotations.NullMarked;
