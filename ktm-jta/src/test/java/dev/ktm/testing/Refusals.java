package dev.ktm.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What is refused, and as what. */
public final class Refusals {

    private Refusals() {}

    /** Fails unless the call is refused as this. */
    public static void assertRefused(KtmError error, ThrowingCallable call) {
        var thrown = catchThrowable(call);
        assertThat(thrown).isInstanceOf(KtmException.class);
        assertThat(((KtmException) thrown).error()).isEqualTo(error);
    }
}
