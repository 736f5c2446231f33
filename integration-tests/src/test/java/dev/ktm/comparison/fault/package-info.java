/**
 * What transaction managers do when something goes wrong: black boxes, each in processes of its own. Start with {@link
 * dev.ktm.comparison.fault.Fault}, which says what is tried and what is expected.
 */
package dev.ktm.comparison.fault;
