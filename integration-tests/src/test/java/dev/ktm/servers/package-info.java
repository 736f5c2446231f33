/**
 * Real resource managers, each in a process of its own, which is killed, stopped, paused and cut off. {@link
 * dev.ktm.servers.Kind} lists them; start with {@link dev.ktm.servers.ResourceManagerContract}, which every one of them must
 * keep, and {@link dev.ktm.servers.EveryStepTest}, which kills the coordinator instead.
 */
@NullMarked
package dev.ktm.servers;

import org.jspecify.annotations.NullMarked;
