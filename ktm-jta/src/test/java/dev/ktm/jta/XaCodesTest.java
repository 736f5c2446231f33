package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.Test;

/** The table of answers, whole. */
class XaCodesTest {

    private static final List<XaCall> CALLS =
            List.of(XaCall.PREPARE, XaCall.COMMIT, XaCall.COMMIT_ONE_PHASE, XaCall.ROLLBACK, XaCall.FORGET);

    private static List<Integer> codes() {
        var rollbacks = IntStream.rangeClosed(XAException.XA_RBBASE, XAException.XA_RBEND)
                .boxed();
        var others = Stream.of(
                XAException.XA_HEURCOM,
                XAException.XA_HEURRB,
                XAException.XA_HEURMIX,
                XAException.XA_HEURHAZ,
                XAException.XA_RETRY,
                XAException.XA_RDONLY,
                XAException.XA_NOMIGRATE,
                XAException.XAER_ASYNC,
                XAException.XAER_RMERR,
                XAException.XAER_RMFAIL,
                XAException.XAER_NOTA,
                XAException.XAER_PROTO,
                XAException.XAER_INVAL,
                XAException.XAER_DUPID,
                XAException.XAER_OUTSIDE,
                0,
                4711);
        return Stream.concat(rollbacks, others).toList();
    }

    private static String table() {
        var head = "| Code | " + CALLS.stream().map(XaCall::toString).collect(Collectors.joining(" | ")) + " |\n";
        var line = "|---|" + "---|".repeat(CALLS.size()) + "\n";
        return head + line + codes().stream().map(XaCodesTest::row).collect(Collectors.joining("\n"));
    }

    private static String row(int code) {
        var name = code == 4711 ? "any other" : code == 0 ? "0, or no XAException" : XaCodes.nameOf(code);
        return "| " + name + " | "
                + CALLS.stream()
                        .map(call -> XaCodes.failed(call, code).toString())
                        .collect(Collectors.joining(" | "))
                + " |";
    }

    @Test
    void theDocumentShowsTheTableAsItIs() throws IOException {
        assertThat(Files.readString(Path.of("docs", "xa-codes.md"), StandardCharsets.UTF_8))
                .contains(table());
    }

    @Test
    void aVoteIsYesOnlyIfItIsSaidInSoManyWords() {
        assertThat(codes()).noneMatch(code -> XaCodes.failed(XaCall.PREPARE, code) == XaVerdict.DONE);
        assertThat(XaCodes.returned(XaCall.PREPARE, XAResource.XA_OK)).isEqualTo(XaVerdict.DONE);
        assertThat(XaCodes.returned(XaCall.PREPARE, XAResource.XA_RDONLY)).isEqualTo(XaVerdict.READ_ONLY);
        assertThat(XaCodes.returned(XaCall.PREPARE, 17)).isEqualTo(XaVerdict.REFUSED);
    }

    @Test
    void noFailedCommitCountsAsDone() {
        for (var call : List.of(XaCall.COMMIT, XaCall.COMMIT_ONE_PHASE)) {
            assertThat(codes()).noneMatch(code -> XaCodes.failed(call, code) == XaVerdict.DONE);
        }
    }

    @Test
    void whatIsThrownInsteadOfAnXaExceptionIsLookedUp() {
        int code = XaCodes.codeOf(new NullPointerException());

        assertThat(XaCodes.failed(XaCall.COMMIT, code)).isEqualTo(XaVerdict.LOOK);
        assertThat(XaCodes.failed(XaCall.ROLLBACK, code)).isEqualTo(XaVerdict.LOOK);
        assertThat(XaCodes.failed(XaCall.PREPARE, code)).isEqualTo(XaVerdict.REFUSED);
        assertThat(XaCodes.failed(XaCall.COMMIT_ONE_PHASE, code)).isEqualTo(XaVerdict.HAZARD);
    }

    @Test
    void aFailedStartOrListIsNoneAndAFailedEndRefuses() {
        assertThat(codes()).allMatch(code -> XaCodes.failed(XaCall.START, code) == XaVerdict.REFUSED);
        assertThat(codes()).allMatch(code -> XaCodes.failed(XaCall.RECOVER, code) == XaVerdict.REFUSED);
        assertThat(codes()).allMatch(code -> XaCodes.failed(XaCall.END, code) == XaVerdict.REFUSED);
    }

    @Test
    void codesHaveTheirNames() {
        assertThat(XaCodes.nameOf(XAException.XAER_RMFAIL)).isEqualTo("XAER_RMFAIL (-7)");
        assertThat(XaCodes.nameOf(XAException.XA_RBBASE)).isEqualTo("XA_RBROLLBACK (100)");
        assertThat(XaCodes.nameOf(XAException.XA_RBEND)).isEqualTo("XA_RBTRANSIENT (107)");
        assertThat(XaCodes.nameOf(4711)).isEqualTo("code 4711");
    }
}
