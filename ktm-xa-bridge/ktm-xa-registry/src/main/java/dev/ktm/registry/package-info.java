/**
 * A transactional registry: hives of keys and typed values. Start with {@link dev.ktm.registry.Registry} and {@link
 * dev.ktm.registry.RegistryKey}; the guide is {@code docs/registry.md}.
 *
 * <p>Below them: a {@code Hive} publishes one immutable {@code Tree} of {@code Node}s after the other; a {@code Draft} is what a
 * transaction, or one plain write, is about to change in it; {@code Locks} say who may; {@code HiveFiles} keep checkpoints.
 */
@NullMarked
package dev.ktm.registry;

import org.jspecify.annotations.NullMarked;
