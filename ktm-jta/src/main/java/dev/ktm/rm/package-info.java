/**
 * The contract between the coordinator and resource managers, and the words of both: start with {@link
 * dev.ktm.rm.Notification} (what a resource manager is told), {@link dev.ktm.rm.EnlistmentState} (what it may answer)
 * and {@link dev.ktm.rm.KtmError} (what it is told if it answers something else).
 *
 * <p>The model is that of the Windows Kernel Transaction Manager.
 */
@NullMarked
package dev.ktm.rm;

import org.jspecify.annotations.NullMarked;
