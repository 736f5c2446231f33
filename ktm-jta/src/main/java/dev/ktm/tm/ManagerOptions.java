package dev.ktm.tm;

import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.LogDevice;
import dev.ktm.rm.KtmException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/**
 * How a transaction manager is created: {@link #inMemory} or {@link #durable}, and the methods that change one thing of it.
 *
 * @param volatileManager whether it has no log
 * @param logDirectory where its log is; empty if it has none, or if the log is on a device
 * @param device where its log is instead
 * @param logOptions how a new log is made
 * @param name what others may open it by; empty for none
 * @param expectedIdentity whose log it must be; empty for anybody's
 * @param progressFirst whether it may give up a transaction that its superior does not decide, when the log is full
 * @param pinLimit after which it is reported that the log has to keep a transaction; zero for never
 */
public record ManagerOptions(
        boolean volatileManager,
        Optional<Path> logDirectory,
        Optional<LogDevice> device,
        LogOptions logOptions,
        String name,
        Optional<UUID> expectedIdentity,
        boolean progressFirst,
        Duration pinLimit) {

    /** After which it is reported that the log has to keep a transaction, unless told otherwise. */
    public static final Duration DEFAULT_PIN_LIMIT = Duration.ofMinutes(10);

    /** One without a log: nothing survives it. */
    public static ManagerOptions inMemory() {
        return new ManagerOptions(
                true,
                Optional.empty(),
                Optional.empty(),
                LogOptions.defaults(),
                "",
                Optional.empty(),
                false,
                DEFAULT_PIN_LIMIT);
    }

    /** One with a log in this directory, which is made if there is none. */
    public static ManagerOptions durable(Path logDirectory) {
        return new ManagerOptions(
                false,
                Optional.of(logDirectory),
                Optional.empty(),
                LogOptions.defaults(),
                "",
                Optional.empty(),
                false,
                DEFAULT_PIN_LIMIT);
    }

    /** One with a log on this device. */
    public static ManagerOptions durable(LogDevice device) {
        return new ManagerOptions(
                false,
                Optional.empty(),
                Optional.of(device),
                LogOptions.defaults(),
                "",
                Optional.empty(),
                false,
                DEFAULT_PIN_LIMIT);
    }

    /** With these options for the log. */
    public ManagerOptions withLogOptions(LogOptions options) {
        return new ManagerOptions(
                volatileManager, logDirectory, device, options, name, expectedIdentity, progressFirst, pinLimit);
    }

    /** With this name. */
    public ManagerOptions withName(String value) {
        return new ManagerOptions(
                volatileManager, logDirectory, device, logOptions, value, expectedIdentity, progressFirst, pinLimit);
    }

    /** Refused unless the log belongs to this transaction manager. */
    public ManagerOptions withExpectedIdentity(UUID identity) {
        return new ManagerOptions(
                volatileManager,
                logDirectory,
                device,
                logOptions,
                name,
                Optional.of(identity),
                progressFirst,
                pinLimit);
    }

    /** Reports a transaction that the log has to keep for longer than this; zero for never. */
    public ManagerOptions withPinLimit(Duration limit) {
        return new ManagerOptions(
                volatileManager, logDirectory, device, logOptions, name, expectedIdentity, progressFirst, limit);
    }

    /**
     * Progress before consistency: when the log is full, the oldest transaction that only its superior could decide is rolled
     * back and forgotten, though the superior may have decided otherwise. It is reported, and whoever asks later is told.
     */
    public ManagerOptions withProgressFirst() {
        return new ManagerOptions(
                volatileManager, logDirectory, device, logOptions, name, expectedIdentity, true, pinLimit);
    }

    void check() throws KtmException {
        boolean hasLog = logDirectory.isPresent() || device.isPresent();
        if (volatileManager && hasLog) {
            throw TransactionOptions.invalid("no log for a volatile transaction manager", where());
        }
        if (!volatileManager && !hasLog) {
            throw TransactionOptions.invalid("a log directory for a durable transaction manager", "none");
        }
        if (!volatileManager && logOptions.copy() == LogOptions.Copy.CLONED) {
            throw TransactionOptions.invalid(
                    "a log whose transactions are nobody else's",
                    "one in " + where() + " that is to be opened as a clone: the original goes on to end what is in it;"
                            + " open an empty directory in its place, or this one with LogOptions.Copy.MOVED if the"
                            + " original is gone for ever");
        }
    }

    String where() {
        return logDirectory
                .map(directory -> directory.toAbsolutePath().normalize().toString())
                .or(() -> device.map(LogDevice::location))
                .orElse("");
    }
}
