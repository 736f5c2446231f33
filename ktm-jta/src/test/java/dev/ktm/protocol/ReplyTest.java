package dev.ktm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmError;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ReplyTest {

    /** KTM's matrix: {@code -} is a response that was not asked for, {@code !} a request that is not valid. */
    private static final String MATRIX = """
            state               PPC PC CC RC RO SPR RB RE RQ
            ACTIVE              - - - - READ_ONLY - ABORTING ! !
            PRE_PREPARING       PRE_PREPARED - - - READ_ONLY - ABORTING ! !
            PRE_PREPARED        - - - - READ_ONLY - ABORTING ! !
            PREPARING           - PREPARED - - READ_ONLY - ABORTING ! !
            PREPARED            - - - - - - ! ! PREPARED
            IN_DOUBT            - - - - - - ! ! IN_DOUBT
            DELEGATED           - - COMMITTED - READ_ONLY ACTIVE ABORTING ! !
            COMMITTED_NOTIFY    - - COMMITTED - - - ! ! !
            COMMITTED           - - - - - - ! ! !
            ABORTING            - - - ABORTED - - ! ! !
            ABORTED             - - - - - - ! ! !
            READ_ONLY           - - - - - - ! ! !
            RECOVERING          - - - - - - ! IN_DOUBT !
            OUTCOME_UNAVAILABLE - - - - - - ! ! !
            """;

    @Test
    void isTakenOrRefusedAsTheMatrixSaysInEveryState() {
        var rows = Arrays.stream(EnlistmentState.values())
                .map(state -> state + " "
                        + Arrays.stream(Reply.values())
                                .map(reply -> cell(state, reply))
                                .collect(Collectors.joining(" ")))
                .toList();

        var expected = MATRIX.lines()
                .skip(1)
                .map(row -> row.replaceAll(" +", " ").trim())
                .toList();
        assertThat(rows).isEqualTo(expected);
    }

    private static String cell(EnlistmentState state, Reply reply) {
        return reply.after(state)
                .map(EnlistmentState::name)
                .orElse(reply.refusal() == KtmError.TRANSACTION_NOT_REQUESTED ? "-" : "!");
    }
}
