package dev.ktm.jta;

import org.jspecify.annotations.Nullable;

/**
 * What a resource has answered.
 *
 * @param verdict what it means
 * @param code the code, or {@link XaCodes#NO_CODE}
 * @param thrown what was thrown, if anything
 */
record XaAnswer(XaVerdict verdict, int code, @Nullable Throwable thrown) {

    private static final XaAnswer DONE = new XaAnswer(XaVerdict.DONE, XaCodes.NO_CODE, null);

    static XaAnswer returned(XaCall call, int result) {
        var verdict = XaCodes.returned(call, result);
        return verdict == XaVerdict.DONE ? DONE : new XaAnswer(verdict, result, null);
    }

    static XaAnswer failed(XaCall call, Throwable thrown) {
        int code = XaCodes.codeOf(thrown);
        return new XaAnswer(XaCodes.failed(call, code), code, thrown);
    }

    /** For people. */
    String text() {
        return thrown == null ? XaCodes.nameOf(code) : XaCodes.describe(thrown);
    }
}
