/**
 * KTM as the transaction manager of TomEE and OpenEJB. The server's configuration names {@link dev.ktm.tomee.KtmFactory}; what it
 * makes is a {@link dev.ktm.tomee.KtmTransactionManager}.
 */
@NullMarked
package dev.ktm.tomee;

import org.jspecify.annotations.NullMarked;
