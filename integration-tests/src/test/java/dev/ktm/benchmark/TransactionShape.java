package dev.ktm.benchmark;

import dev.ktm.benchmark.DurableLog.Appender;
import jakarta.transaction.TransactionManager;
import java.util.function.UnaryOperator;
import javax.transaction.xa.XAResource;

/** What a transaction consists of, from begin to end. */
enum TransactionShape {
    TWO_RESOURCES("two resources", 2, XAResource.XA_OK, true),
    ONE_RESOURCE("one resource", 1, XAResource.XA_OK, true),
    NO_RESOURCE("no resource", 0, XAResource.XA_OK, true),
    ROLLED_BACK("two resources, rolled back", 2, XAResource.XA_OK, false),
    READ_ONLY("two resources that vote read-only", 2, XAResource.XA_RDONLY, true);

    private final String text;
    private final int resources;
    private final int vote;
    private final boolean commits;

    TransactionShape(String text, int resources, int vote, boolean commits) {
        this.text = text;
        this.resources = resources;
        this.vote = vote;
        this.commits = commits;
    }

    /** In words. */
    String text() {
        return text;
    }

    /** One thread's transactions of this shape. */
    Appender of(TransactionManager manager) {
        return of(manager, UnaryOperator.identity());
    }

    /** One thread's transactions of this shape, with resources that a product has put something around. */
    Appender of(TransactionManager manager, UnaryOperator<XAResource> wrapper) {
        var enlisted = NoopResource.voting(resources, vote);
        for (int i = 0; i < enlisted.length; i++) {
            enlisted[i] = wrapper.apply(enlisted[i]);
        }
        return () -> {
            manager.begin();
            var transaction = manager.getTransaction();
            for (var resource : enlisted) {
                transaction.enlistResource(resource);
            }
            if (commits) {
                manager.commit();
            } else {
                manager.rollback();
            }
        };
    }
}
