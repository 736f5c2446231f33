package dev.ktm;

import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.operator.OperatorChannel;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.tm.ManagerOptions;
import dev.ktm.tm.TransactionObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How a coordinator is opened. Immutable; made by {@link #builder}. */
public final class KtmOptions {

    private final @Nullable Path logDirectory;
    private final @Nullable LogDevice device;
    private final boolean inMemory;
    private final LogOptions logOptions;
    private final String nodeName;
    private final Duration defaultTimeout;
    private final Duration recoveryInterval;
    private final boolean parallel;
    private final Duration resourceTimeout;
    private final Consumer<OutcomeReport> reportListener;
    private final Duration logPinLimit;
    private final boolean operatorChannel;
    private final Path operatorDirectory;
    private final boolean jmx;
    private final List<TransactionObserver> observers;

    private KtmOptions(Builder builder) {
        this.logDirectory = builder.logDirectory;
        this.device = builder.device;
        this.inMemory = builder.inMemory;
        this.logOptions = builder.logOptions;
        this.nodeName = builder.nodeName;
        this.defaultTimeout = builder.defaultTimeout;
        this.recoveryInterval = builder.recoveryInterval;
        this.parallel = builder.parallel;
        this.resourceTimeout = builder.resourceTimeout;
        this.reportListener = builder.reportListener;
        this.logPinLimit = builder.logPinLimit;
        this.operatorChannel = builder.operatorChannel;
        var place = builder.operatorDirectory;
        this.operatorDirectory = place == null ? OperatorChannel.defaultDirectory() : place;
        this.jmx = builder.jmx;
        this.observers = List.copyOf(builder.observers);
    }

    /** Begins to describe a coordinator. */
    public static Builder builder() {
        return new Builder();
    }

    /** Where the log is; empty if it is in memory or on a device. */
    public Optional<Path> logDirectory() {
        return Optional.ofNullable(logDirectory);
    }

    /** What the log is on instead of a directory. */
    public Optional<LogDevice> device() {
        return Optional.ofNullable(device);
    }

    /** Whether there is no log: nothing survives a crash. */
    public boolean isInMemory() {
        return inMemory;
    }

    /** How a new log is made. */
    public LogOptions logOptions() {
        return logOptions;
    }

    /** A label for people; empty for none. */
    public String nodeName() {
        return nodeName;
    }

    /** The timeout of transactions that say nothing; zero for never. */
    public Duration defaultTimeout() {
        return defaultTimeout;
    }

    /** The time between two times that a resource manager is asked for its branches. */
    public Duration recoveryInterval() {
        return recoveryInterval;
    }

    /** Whether the branches of a transaction are prepared and committed at once. */
    public boolean isParallel() {
        return parallel;
    }

    /** How long a call of a resource may take during commit and rollback before it is given up; zero for ever. */
    public Duration resourceTimeout() {
        return resourceTimeout;
    }

    /** Who is told of abnormal outcomes, besides the logger. */
    public Consumer<OutcomeReport> reportListener() {
        return reportListener;
    }

    /** After which it is reported that the log has to keep a transaction; zero for never. */
    public Duration logPinLimit() {
        return logPinLimit;
    }

    /** Whether tools of operators can reach the coordinator, if its log is in a directory. */
    public boolean isOperatorChannel() {
        return operatorChannel;
    }

    /** Where tools of operators look for it. */
    public Path operatorDirectory() {
        return operatorDirectory;
    }

    /** Whether it is a bean of the JVM's management. */
    public boolean isJmx() {
        return jmx;
    }

    /** Who watches its transactions. */
    public List<TransactionObserver> observers() {
        return observers;
    }

    /** Describes a coordinator. Exactly one of {@link #logDirectory}, {@link #device} and {@link #inMemory} is needed. */
    public static final class Builder {
        /** What {@link #option} knows. */
        static final List<String> NAMES = List.of(
                "logDirectory",
                "inMemory",
                "nodeName",
                "defaultTimeout",
                "recoveryInterval",
                "parallel",
                "resourceTimeout",
                "logPinLimit",
                "operatorChannel",
                "operatorDirectory",
                "jmx");

        private static final Pattern SECONDS = Pattern.compile("-?\\d+");
        private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);
        private static final Duration DEFAULT_RECOVERY_INTERVAL = Duration.ofSeconds(10);

        private @Nullable Path logDirectory;
        private @Nullable LogDevice device;
        private boolean inMemory;
        private LogOptions logOptions = LogOptions.defaults();
        private String nodeName = "";
        private Duration defaultTimeout = DEFAULT_TIMEOUT;
        private Duration recoveryInterval = DEFAULT_RECOVERY_INTERVAL;
        private boolean parallel;
        private Duration resourceTimeout = Duration.ZERO;
        private Consumer<OutcomeReport> reportListener = report -> {};
        private Duration logPinLimit = ManagerOptions.DEFAULT_PIN_LIMIT;
        private boolean operatorChannel = true;
        private @Nullable Path operatorDirectory;
        private boolean jmx;
        private final List<TransactionObserver> observers = new ArrayList<>();

        private Builder() {}

        /** Keeps the log in this directory, which is made if it is not there. */
        public Builder logDirectory(Path value) {
            logDirectory = value;
            return this;
        }

        /** Keeps the log on this device. */
        public Builder device(LogDevice value) {
            device = value;
            return this;
        }

        /** Keeps no log: decisions do not survive a crash. */
        public Builder inMemory() {
            inMemory = true;
            return this;
        }

        /** Whether it is said where the log is to be kept, or that there is to be none. */
        public boolean hasPlace() {
            return logDirectory != null || device != null || inMemory;
        }

        /** Makes a new log like this. */
        public Builder logOptions(LogOptions value) {
            logOptions = value;
            return this;
        }

        /** A label for people. It need not be unique: nothing depends on it. */
        public Builder nodeName(String value) {
            nodeName = value;
            return this;
        }

        /** The timeout of transactions that say nothing: 60 seconds unless told otherwise; zero for never. */
        public Builder defaultTimeout(Duration value) {
            defaultTimeout = requireNotNegative("defaultTimeout", value);
            return this;
        }

        /** The time between two times that a resource manager is asked for its branches: 10 seconds unless told otherwise. */
        public Builder recoveryInterval(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("expected a recoveryInterval above zero, found " + value);
            }
            recoveryInterval = value;
            return this;
        }

        /**
         * Prepares and commits the branches of a transaction at once, on threads of the coordinator, rather than one after the
         * other on the client's. These are virtual from Java 24 on, unless there is a {@link #resourceTimeout}. Off unless told
         * otherwise.
         */
        public Builder parallel(boolean value) {
            parallel = value;
            return this;
        }

        /**
         * Gives a call of a resource during commit and rollback up after this time: the transaction's other branches go on, and
         * recovery finds out what became of it. Calls are made on threads of the coordinator then. Zero, which is the default:
         * waits for ever.
         */
        public Builder resourceTimeout(Duration value) {
            resourceTimeout = requireNotNegative("resourceTimeout", value);
            return this;
        }

        /** Tells this consumer of abnormal outcomes, besides the logger. It must neither wait nor throw. */
        public Builder reportListener(Consumer<OutcomeReport> value) {
            reportListener = value;
            return this;
        }

        /**
         * Reports a transaction that is decided or prepared, and that the log has to keep for longer than this because somebody does
         * not answer: 10 minutes unless told otherwise; zero for never. It is noticed within a minute.
         */
        public Builder logPinLimit(Duration value) {
            logPinLimit = requireNotNegative("logPinLimit", value);
            return this;
        }

        /**
         * Whether tools of operators can reach the coordinator, if its log is in a directory: over a socket of the machine, which
         * only the user who runs this and root may use. On unless told otherwise.
         */
        public Builder operatorChannel(boolean value) {
            operatorChannel = value;
            return this;
        }

        /**
         * Puts the socket of the operators' tools into this directory, which is made if it is not there; nobody but its owner may
         * enter it. Without this it is {@code ktm-<user>} in the directory of temporary files.
         */
        public Builder operatorDirectory(Path value) {
            operatorDirectory = value;
            return this;
        }

        /**
         * Makes the coordinator a bean of the JVM's management while it is open, see {@link
         * dev.ktm.management.CoordinatorMXBean}. Off unless told otherwise.
         */
        public Builder jmx(boolean value) {
            jmx = value;
            return this;
        }

        /** Has this observer watch transactions, besides those that are said already. */
        public Builder observer(TransactionObserver value) {
            observers.add(Objects.requireNonNull(value, "observer"));
            return this;
        }

        /**
         * Says one of these by its name, as the configuration of a container does: {@code logDirectory}, {@code inMemory},
         * {@code nodeName}, {@code defaultTimeout}, {@code recoveryInterval}, {@code parallel}, {@code resourceTimeout}, {@code
         * logPinLimit}, {@code operatorChannel}, {@code operatorDirectory}, {@code jmx}. Times are seconds, as in {@code 60}, or of
         * ISO 8601, as in {@code PT0.5S}.
         *
         * @throws IllegalArgumentException if there is no such option, or the value is none of its kind
         */
        public Builder option(String name, String value) {
            var text = value.strip();
            return switch (name) {
                case "logDirectory" -> logDirectory(pathOf(name, text));
                case "inMemory" -> isTrue(name, text) ? inMemory() : this;
                case "nodeName" -> nodeName(text);
                case "defaultTimeout" -> defaultTimeout(durationOf(name, text));
                case "recoveryInterval" -> recoveryInterval(durationOf(name, text));
                case "parallel" -> parallel(isTrue(name, text));
                case "resourceTimeout" -> resourceTimeout(durationOf(name, text));
                case "logPinLimit" -> logPinLimit(durationOf(name, text));
                case "operatorChannel" -> operatorChannel(isTrue(name, text));
                case "operatorDirectory" -> operatorDirectory(pathOf(name, text));
                case "jmx" -> jmx(isTrue(name, text));
                default ->
                    throw new IllegalArgumentException(
                            "expected one of " + String.join(", ", NAMES) + ", found " + name);
            };
        }

        private static Path pathOf(String name, String text) {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("expected a directory for " + name + ", found nothing");
            }
            return Path.of(text);
        }

        private static boolean isTrue(String name, String text) {
            if (!text.equals("true") && !text.equals("false")) {
                throw new IllegalArgumentException("expected true or false for " + name + ", found " + text);
            }
            return text.equals("true");
        }

        private static Duration durationOf(String name, String text) {
            try {
                return SECONDS.matcher(text).matches()
                        ? Duration.ofSeconds(Long.parseLong(text))
                        : Duration.parse(text);
            } catch (DateTimeParseException | NumberFormatException e) {
                throw new IllegalArgumentException(
                        "expected seconds for " + name + ", as in 60, or a time of ISO 8601, as in PT0.5S, found "
                                + text,
                        e);
            }
        }

        private static Duration requireNotNegative(String what, Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("expected a " + what + " of zero or more, found " + value);
            }
            return value;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException if it is not said where the log is, or said more than once
         */
        public KtmOptions build() {
            int places = (logDirectory == null ? 0 : 1) + (device == null ? 0 : 1) + (inMemory ? 1 : 0);
            if (places != 1) {
                throw new IllegalArgumentException("expected exactly one of logDirectory, device and inMemory, found "
                        + places + ": say where the log is to be kept, or that nothing need survive a crash");
            }
            return new KtmOptions(this);
        }
    }
}
