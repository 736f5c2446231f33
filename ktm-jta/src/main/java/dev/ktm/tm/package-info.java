/**
 * The coordinator: transaction managers, transactions, resource managers and enlistments as KTM knows them, behind handles with
 * rights. Start with {@link dev.ktm.tm.TransactionManagers}; applications that want Jakarta Transactions start with {@code
 * dev.ktm.Ktm}.
 */
@NullMarked
package dev.ktm.tm;

import org.jspecify.annotations.NullMarked;
