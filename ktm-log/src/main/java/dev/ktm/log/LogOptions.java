package dev.ktm.log;

import dev.ktm.log.format.LogMetadata;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How to open a log. What belongs to an existing log (its kind must match; its containers' size and number) is not
 * changed by opening it.
 *
 * @param kind dedicated or multiplexed
 * @param containerBytes size of a new log's containers, in bytes; rounded up to the kind's unit
 * @param containers how many containers a new log gets; the first two before it is usable, the rest behind it. Zero:
 *     none until {@link Log#addContainers}
 * @param archived whether a new log keeps what has not been archived (is not ephemeral)
 * @param idleFlush after this time without anybody forcing, appended records are written; zero: never by themselves
 * @param copy what to do with a log whose files are copies of another log's
 * @param policies installed when the log is opened
 */
public record LogOptions(
        LogKind kind,
        long containerBytes,
        int containers,
        boolean archived,
        Duration idleFlush,
        Copy copy,
        List<LogPolicy> policies) {

    /** What to do with a log whose files are copies of another log's: a backup, a cloned disk. */
    public enum Copy {
        /** It is refused. */
        REFUSED,
        /** The original is gone for ever: this is it, with its identity. */
        MOVED,
        /** It gets an identity of its own. */
        CLONED
    }

    /** The size of a container unless another one is asked for, in bytes. */
    public static final long DEFAULT_CONTAINER_BYTES = 16L << 20;

    /** How many containers a log gets unless another number is asked for. */
    public static final int DEFAULT_CONTAINERS = 4;

    /** The largest container, in bytes. */
    static final long MOST_CONTAINER_BYTES = 1L << 30;

    /** Refuses values that make no sense. */
    public LogOptions {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(copy, "copy");
        checkContainerBytes(containerBytes);
        if (containers < 0 || containers == 1 || containers > LogMetadata.MAX_CONTAINERS) {
            throw new IllegalArgumentException("expected 0 or " + Containers.FEWEST + " to "
                    + LogMetadata.MAX_CONTAINERS + " containers, found " + containers);
        }
        if (idleFlush.isNegative() || idleFlush.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("expected an idle flush after 0 to 1 hour, found " + idleFlush);
        }
        if (archived && kind != LogKind.DEDICATED) {
            // Its archive tails could never be moved, so no space would ever come back.
            throw new IllegalArgumentException("expected a dedicated log to be archived, found a " + kind + " one");
        }
        policies = List.copyOf(policies);
    }

    static void checkContainerBytes(long bytes) {
        if (bytes < 1 || bytes > MOST_CONTAINER_BYTES) {
            throw new IllegalArgumentException(
                    "expected a container size from 1 to " + MOST_CONTAINER_BYTES + " bytes, found " + bytes);
        }
    }

    /** Options with all defaults: a multiplexed, ephemeral log of 4 containers of 16 MiB. */
    public static LogOptions defaults() {
        return builder().build();
    }

    /** A builder that starts with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds options. Not thread-safe. */
    public static final class Builder {

        private LogKind kind = LogKind.MULTIPLEXED;
        private long containerBytes = DEFAULT_CONTAINER_BYTES;
        private int containers = DEFAULT_CONTAINERS;
        private boolean archived;
        private Duration idleFlush = Duration.ofMillis(50);
        private Copy copy = Copy.REFUSED;
        private final List<LogPolicy> policies = new ArrayList<>();

        private Builder() {}

        /** Dedicated or multiplexed. */
        public Builder kind(LogKind value) {
            kind = value;
            return this;
        }

        /** Size of a new log's containers, in bytes. */
        public Builder containerBytes(long value) {
            containerBytes = value;
            return this;
        }

        /** Number of a new log's containers. */
        public Builder containers(int value) {
            containers = value;
            return this;
        }

        /** Whether a new log keeps what has not been archived. */
        public Builder archived(boolean value) {
            archived = value;
            return this;
        }

        /** After this time without a force, appended records are written. */
        public Builder idleFlush(Duration value) {
            idleFlush = value;
            return this;
        }

        /** What to do with a log that is a copy. */
        public Builder copy(Copy value) {
            copy = value;
            return this;
        }

        /** A policy to install when the log is opened. */
        public Builder policy(LogPolicy value) {
            policies.add(value);
            return this;
        }

        /** The options. */
        public LogOptions build() {
            return new LogOptions(kind, containerBytes, containers, archived, idleFlush, copy, policies);
        }
    }
}
