package dev.ktm.registry;

import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How a registry is opened. Immutable; made by {@link #builder}. */
public final class RegistryOptions {

    private final @Nullable Path directory;
    private final @Nullable LogDevice device;
    private final List<String> hives;
    private final boolean plainWins;
    private final boolean inheriting;
    private final boolean adopting;
    private final int mostHandles;
    private final Supplier<Set<String>> principals;
    private final Clock clock;

    private RegistryOptions(Builder builder) {
        this.directory = builder.directory;
        this.device = builder.device;
        this.hives = List.copyOf(builder.hives);
        this.plainWins = builder.plainWins;
        this.inheriting = builder.inheriting;
        this.adopting = builder.adopting;
        this.mostHandles = builder.mostHandles;
        this.principals = builder.principals;
        this.clock = builder.clock;
    }

    /** Begins to describe a registry. */
    public static Builder builder() {
        return new Builder();
    }

    /** What holds if nothing is said. */
    public static RegistryOptions defaults() {
        return builder().build();
    }

    Optional<LogDevice> openDevice() throws IOException {
        if (device != null) {
            return Optional.of(device);
        }
        return directory == null ? Optional.empty() : Optional.of(FileDevice.openOrCreate(directory));
    }

    /** The hives that are loaded beside the main one. */
    public List<String> hives() {
        return hives;
    }

    /** Whether a plain write has transactions rolled back that are in its way; otherwise it is refused. */
    public boolean isPlainWins() {
        return plainWins;
    }

    /** Whether what is opened through a transacted key belongs to the transaction, too. */
    public boolean isInheriting() {
        return inheriting;
    }

    /** Whether files of another log are taken over. */
    public boolean isAdopting() {
        return adopting;
    }

    /** How often a key may be open at once; 0 for any number. */
    public int mostHandles() {
        return mostHandles;
    }

    /** The names of whoever calls. */
    public Supplier<Set<String>> principals() {
        return principals;
    }

    Clock clock() {
        return clock;
    }

    /** Describes a registry. */
    public static final class Builder {

        /** How often Windows lets a key be open at once. */
        public static final int HANDLES_OF_WINDOWS = 65_534;

        private @Nullable Path directory;
        private @Nullable LogDevice device;
        private final List<String> hives = new ArrayList<>();
        private boolean plainWins = true;
        private boolean inheriting = true;
        private boolean adopting;
        private int mostHandles;
        private Supplier<Set<String>> principals = Set::of;
        private Clock clock = Clock.systemUTC();

        private Builder() {}

        /** Keeps checkpoints in this directory, which is made if it is not there; by default one beside that of the log. */
        public Builder directory(Path value) {
            directory = value;
            return this;
        }

        /** Keeps checkpoints on this device. */
        public Builder device(LogDevice value) {
            device = value;
            return this;
        }

        /** Loads this hive, too, as a subkey of the root. */
        public Builder hive(String name) {
            hives.add(name);
            return this;
        }

        /**
         * What happens when a plain write meets a transaction that has changed the same: with {@code true}, which is the default and
         * what Windows does, it succeeds and the transaction is rolled back; with {@code false} it is refused.
         */
        public Builder plainWins(boolean value) {
            plainWins = value;
            return this;
        }

        /**
         * Whether {@code openKey}, {@code createKey} and {@code deleteKey} on a transacted key belong to its transaction: so unless
         * told otherwise. With {@code false}, as in Windows, these are plain, and the calls with {@code Transacted} in their names
         * are not.
         */
        public Builder inheriting(boolean value) {
            inheriting = value;
            return this;
        }

        /**
         * Takes over files that belong to another log, or whose log is lost: with what was in the last good checkpoint, and without
         * anything that only that log had.
         */
        public Builder adopting(boolean value) {
            adopting = value;
            return this;
        }

        /** How often a key may be open at once; {@link #HANDLES_OF_WINDOWS} is faithful. 0, which is the default: any number. */
        public Builder mostHandles(int value) {
            if (value < 0) {
                throw new IllegalArgumentException("expected mostHandles of zero or more, found " + value);
            }
            mostHandles = value;
            return this;
        }

        /** The names of whoever calls, for the security of keys: user and groups. Asked whenever a key is opened. */
        public Builder principals(Supplier<Set<String>> value) {
            principals = value;
            return this;
        }

        /** What last-write times are taken from. */
        public Builder clock(Clock value) {
            clock = value;
            return this;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException if it is said more than once where checkpoints are
         */
        public RegistryOptions build() {
            if (directory != null && device != null) {
                throw new IllegalArgumentException("expected a directory or a device, found both");
            }
            return new RegistryOptions(this);
        }
    }
}
