package dev.ktm.jta;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jspecify.annotations.Nullable;

/**
 * Which answer means what: the one table of XA return codes, by call. Codes are hints: drivers use them as they like. So
 * whatever leaves a doubt about a branch that was asked to prepare is looked up before it is believed. {@code docs/xa-codes.md}
 * shows the table; a test compares the two.
 */
final class XaCodes {

    /** The code that is assumed where a call fails with anything but an {@link XAException}. */
    static final int NO_CODE = 0;

    private XaCodes() {}

    /** What a normal return means; the result is that of {@code prepare}, and zero for all other calls. */
    static XaVerdict returned(XaCall call, int result) {
        if (call == XaCall.PREPARE && result == XAResource.XA_RDONLY) {
            return XaVerdict.READ_ONLY;
        }
        return call == XaCall.PREPARE && result != XAResource.XA_OK ? XaVerdict.REFUSED : XaVerdict.DONE;
    }

    /** The code of what was thrown. */
    static int codeOf(Throwable thrown) {
        return thrown instanceof XAException xa ? xa.errorCode : NO_CODE;
    }

    /** What a failure with this code means. */
    static XaVerdict failed(XaCall call, int code) {
        return switch (call) {
            case START, RECOVER -> XaVerdict.REFUSED;
            case END -> XaVerdict.REFUSED;
            case PREPARE -> prepare(code);
            case COMMIT -> commit(code);
            case COMMIT_ONE_PHASE -> commitOnePhase(code);
            case ROLLBACK -> rollback(code);
            case FORGET -> code == XAException.XAER_NOTA ? XaVerdict.DONE : XaVerdict.AGAIN;
        };
    }

    /** Whether it says that the branch can only be rolled back. */
    static boolean isRollback(int code) {
        return code >= XAException.XA_RBBASE && code <= XAException.XA_RBEND;
    }

    private static XaVerdict prepare(int code) {
        if (code == XAException.XA_RDONLY) {
            return XaVerdict.READ_ONLY;
        }
        return isRollback(code) ? XaVerdict.ROLLED_BACK : XaVerdict.REFUSED;
    }

    private static XaVerdict commit(int code) {
        var heuristic = heuristic(code);
        if (heuristic != null) {
            return heuristic;
        }
        if (isRollback(code)) {
            return XaVerdict.CONTRADICTS;
        }
        return code == XAException.XA_RETRY ? XaVerdict.AGAIN : XaVerdict.LOOK;
    }

    private static XaVerdict commitOnePhase(int code) {
        var heuristic = heuristic(code);
        if (heuristic != null) {
            return heuristic;
        }
        if (isRollback(code)) {
            return XaVerdict.ROLLED_BACK;
        }
        return switch (code) {
            // There is no such branch: what it did was rolled back before it was asked.
            case XAException.XAER_NOTA -> XaVerdict.ROLLED_BACK;
            // Not carried out. XA says of RMERR that the work is rolled back.
            case XAException.XAER_RMERR,
                    XAException.XAER_PROTO,
                    XAException.XAER_INVAL,
                    XAException.XAER_DUPID,
                    XAException.XAER_OUTSIDE -> XaVerdict.REFUSED;
            default -> XaVerdict.HAZARD;
        };
    }

    private static XaVerdict rollback(int code) {
        var heuristic = heuristic(code);
        if (heuristic != null) {
            return heuristic;
        }
        if (isRollback(code)) {
            return XaVerdict.DONE;
        }
        return code == XAException.XA_RETRY ? XaVerdict.AGAIN : XaVerdict.LOOK;
    }

    private static @Nullable XaVerdict heuristic(int code) {
        return switch (code) {
            case XAException.XA_HEURCOM -> XaVerdict.HEURISTIC_COMMIT;
            case XAException.XA_HEURRB -> XaVerdict.HEURISTIC_ROLLBACK;
            case XAException.XA_HEURMIX -> XaVerdict.HEURISTIC_MIXED;
            case XAException.XA_HEURHAZ -> XaVerdict.HEURISTIC_HAZARD;
            default -> null;
        };
    }

    /** The name of a code, for people. */
    static String nameOf(int code) {
        return Arrays.stream(XAException.class.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()) && field.getType() == int.class)
                .filter(field ->
                        !field.getName().equals("XA_RBBASE") && !field.getName().equals("XA_RBEND"))
                .filter(field -> valueOf(field) == code)
                .map(field -> field.getName() + " (" + code + ")")
                .findFirst()
                .orElse("code " + code);
    }

    private static int valueOf(java.lang.reflect.Field field) {
        try {
            return field.getInt(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What was thrown, for people. */
    static String describe(Throwable thrown) {
        var text = thrown instanceof XAException xa
                ? nameOf(xa.errorCode) + (xa.getMessage() == null ? "" : ": " + xa.getMessage())
                : thrown.toString();
        var cause = thrown.getCause();
        return cause == null ? text : text + ", because of " + cause;
    }
}
