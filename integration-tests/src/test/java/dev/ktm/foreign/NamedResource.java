package dev.ktm.foreign;

import java.util.concurrent.Callable;
import java.util.function.Predicate;
import javax.transaction.xa.XAResource;

/**
 * What another transaction manager must know of a resource manager in order to recover it.
 *
 * @param name the same in each life
 * @param resources gives an {@code XAResource} of it
 * @param owns whether one is of it
 */
record NamedResource(String name, Callable<XAResource> resources, Predicate<XAResource> owns) {}
