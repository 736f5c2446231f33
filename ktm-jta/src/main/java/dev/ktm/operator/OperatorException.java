package dev.ktm.operator;

import dev.ktm.rm.KtmException;
import java.util.Objects;

/** A request of an operator that was not carried out: nothing has changed, unless the message says otherwise. */
public final class OperatorException extends Exception {

    private static final long serialVersionUID = 1L;

    /** What the operator can do about it. */
    public enum Code {
        /** Ask otherwise: an argument is missing, of the wrong form, or there is no such verb. */
        USAGE,
        /** There is no such thing, or not any more. */
        NOT_FOUND,
        /** It stands where this is not allowed. */
        REFUSED,
        /** Whoever asks may not. */
        UNAUTHORIZED,
        /** Others are being served: ask again. */
        BUSY,
        /** The coordinator cannot write its log, or is closing. */
        OFFLINE,
        /** It was tried and has failed. */
        FAILED
    }

    private final Code code;

    /** With what was expected, what was found, and what to do. */
    public OperatorException(Code code, String message) {
        super(message);
        this.code = Objects.requireNonNull(code, "code");
    }

    /** With its cause. */
    public OperatorException(Code code, String message, Throwable cause) {
        super(message, cause);
        this.code = Objects.requireNonNull(code, "code");
    }

    /** What the coordinator itself has refused. */
    public static OperatorException of(KtmException refused) {
        var code = switch (refused.error()) {
            case TRANSACTION_NOT_FOUND, ENLISTMENT_NOT_FOUND, RESOURCEMANAGER_NOT_FOUND, TRANSACTIONMANAGER_NOT_FOUND ->
                Code.NOT_FOUND;
            case INVALID_PARAMETER -> Code.USAGE;
            case TRANSACTIONMANAGER_NOT_ONLINE, TRANSACTION_OBJECT_EXPIRED -> Code.OFFLINE;
            case ACCESS_DENIED -> Code.UNAUTHORIZED;
            default -> Code.REFUSED;
        };
        return new OperatorException(code, String.valueOf(refused.getMessage()), refused);
    }

    /** What the operator can do about it. */
    public Code code() {
        return code;
    }
}
