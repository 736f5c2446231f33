package dev.ktm.comparison;

/**
 * What was counted of a product.
 *
 * @param product which one, with its settings
 * @param callers how many committed at the same time
 * @param transactions of two resources
 * @param forces system calls that waited for the disk meanwhile
 */
record Forces(String product, int callers, int transactions, int forces) {

    double each() {
        return (double) forces / transactions;
    }
}
