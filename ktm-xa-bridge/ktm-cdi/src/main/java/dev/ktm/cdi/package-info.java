/**
 * Transactions for beans, by the rules of Jakarta Transactions 2.0 §3.7 and §3.8, as a portable extension for CDI 4: {@code
 * @Transactional}, {@code @TransactionScoped}, and the three faces of a coordinator as beans.
 */
@NullMarked
package dev.ktm.cdi;

import org.jspecify.annotations.NullMarked;
