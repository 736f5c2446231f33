package dev.ktm.tm;

import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/**
 * How a transaction is created; {@link #DEFAULT} and the methods that change one thing of it.
 *
 * @param unitOfWork its id; empty for a new one
 * @param timeout after which it is rolled back unless it is prepared; zero for never
 * @param description for people, at most 64 characters
 * @param createOptions 0, or {@link #DO_NOT_PROMOTE}
 * @param isolationLevel reserved: 0
 * @param isolationFlags reserved: 0
 * @param readOnly whether its owner promises to change nothing, for resource managers that care
 */
public record TransactionOptions(
        Optional<UUID> unitOfWork,
        Duration timeout,
        String description,
        int createOptions,
        int isolationLevel,
        int isolationFlags,
        boolean readOnly) {

    /** The transaction may not become distributed. */
    public static final int DO_NOT_PROMOTE = 1;

    static final int MOST_DESCRIPTION = 64;
    private static final UUID ZERO = new UUID(0, 0);

    /** A new id, no timeout, no description. */
    public static final TransactionOptions DEFAULT =
            new TransactionOptions(Optional.empty(), Duration.ZERO, "", 0, 0, 0, false);

    /** With this id. */
    public TransactionOptions withUnitOfWork(UUID id) {
        return new TransactionOptions(
                Optional.of(id), timeout, description, createOptions, isolationLevel, isolationFlags, readOnly);
    }

    /** With this timeout. */
    public TransactionOptions withTimeout(Duration value) {
        return new TransactionOptions(
                unitOfWork, value, description, createOptions, isolationLevel, isolationFlags, readOnly);
    }

    /** With this description. */
    public TransactionOptions withDescription(String value) {
        return new TransactionOptions(
                unitOfWork, timeout, value, createOptions, isolationLevel, isolationFlags, readOnly);
    }

    /** With these creation options. */
    public TransactionOptions withCreateOptions(int value) {
        return new TransactionOptions(
                unitOfWork, timeout, description, value, isolationLevel, isolationFlags, readOnly);
    }

    /** With this isolation; refused unless it is 0 and 0. */
    public TransactionOptions withIsolation(int level, int flags) {
        return new TransactionOptions(unitOfWork, timeout, description, createOptions, level, flags, readOnly);
    }

    /** Read-only, or not. */
    public TransactionOptions withReadOnly(boolean value) {
        return new TransactionOptions(
                unitOfWork, timeout, description, createOptions, isolationLevel, isolationFlags, value);
    }

    void check() throws KtmException {
        if (unitOfWork.isPresent() && unitOfWork.get().equals(ZERO)) {
            throw invalid("a unit of work other than zero", ZERO.toString());
        }
        if ((createOptions & ~DO_NOT_PROMOTE) != 0) {
            throw invalid("creation options 0 or " + DO_NOT_PROMOTE, Integer.toString(createOptions));
        }
        if (isolationLevel != 0 || isolationFlags != 0) {
            throw invalid("isolation level and flags 0", isolationLevel + " and " + isolationFlags);
        }
        if (timeout.isNegative()) {
            throw invalid("a timeout that is not negative", timeout.toString());
        }
        checkDescription(description);
    }

    static void checkDescription(String description) throws KtmException {
        if (description.length() > MOST_DESCRIPTION) {
            throw invalid(
                    "a description of at most " + MOST_DESCRIPTION + " characters",
                    Integer.toString(description.length()));
        }
    }

    static KtmException invalid(String expected, String found) {
        return new KtmException(KtmError.INVALID_PARAMETER, "expected " + expected + ", found " + found);
    }
}
