/**
 * JDBC connections that take part in transactions: {@link dev.ktm.jdbc.KtmDataSource} pools the connections of any {@code
 * XADataSource}. The guide is {@code docs/jdbc.md}.
 *
 * <p>Two layers with the pool between them. Below it {@code PhysicalConnection}, which cannot be closed while it works for a
 * branch. Above it {@code TransactionConnection}, the one connection that a transaction has of a data source: {@code
 * ConnectionHandle}s are what applications hold of it, {@code BranchResource} what the coordinator holds.
 */
@NullMarked
package dev.ktm.jdbc;

import org.jspecify.annotations.NullMarked;
