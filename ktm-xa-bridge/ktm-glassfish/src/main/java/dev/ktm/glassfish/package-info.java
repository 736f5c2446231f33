/**
 * KTM as the transaction manager of GlassFish and Payara.
 *
 * <p>The server finds {@link dev.ktm.glassfish.KtmDelegate} through {@code META-INF/hk2-locator/default}, and hands it every
 * transaction in which a resource takes part that can prepare. Start with that; {@link dev.ktm.glassfish.ServerCoordinator} is what
 * stands behind it. The classes are public because the server makes their instances; applications have no use for them.
 */
@NullMarked
package dev.ktm.glassfish;

import org.jspecify.annotations.NullMarked;
