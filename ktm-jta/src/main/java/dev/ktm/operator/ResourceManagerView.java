package dev.ktm.operator;

import dev.ktm.tm.TransactionInspection;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * A resource manager at one moment.
 *
 * @param name under which it is registered, or what people call it
 * @param id under which the log finds it again; empty for one of XA, which is found by its name
 * @param product what it is, as its product or its class is called; empty if nobody knows
 * @param kind {@code XA}, or {@code NATIVE} for one that speaks with the coordinator itself
 * @param isRegistered whether it is there: branches that wait for one that is not wait for ever
 * @param lastAsked when it was last asked for its branches; empty if never
 * @param error what went wrong then; empty if nothing did
 * @param pending how many branches wait to be finished there
 */
public record ResourceManagerView(
        String name,
        Optional<UUID> id,
        String product,
        TransactionInspection.Kind kind,
        boolean isRegistered,
        Optional<Instant> lastAsked,
        String error,
        long pending) {}
