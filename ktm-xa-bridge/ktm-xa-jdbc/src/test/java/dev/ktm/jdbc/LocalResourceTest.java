package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.Test;

/** What a local transaction says of itself when its connection fails. */
class LocalResourceTest {

    private static final Xid XID = (Xid) Proxy.newProxyInstance(
            LocalResourceTest.class.getClassLoader(), new Class<?>[] {Xid.class}, (proxy, method, arguments) -> null);

    private final List<String> calls = new ArrayList<>();

    /** A connection some of whose calls fail. */
    private LocalResource resource(Map<String, SQLException> failures) {
        var connection = (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, arguments) -> {
                    calls.add(method.getName());
                    var failure = failures.get(method.getName());
                    if (failure != null && !(method.getName().equals("setAutoCommit") && calls.size() < 3)) {
                        throw failure;
                    }
                    return method.getReturnType() == boolean.class ? Boolean.TRUE : null;
                });
        return new LocalResource(connection);
    }

    private static int codeOfCommit(LocalResource resource) throws XAException {
        resource.start(XID, XAResource.TMNOFLAGS);
        return catchThrowableOfType(XAException.class, () -> resource.commit(XID, true)).errorCode;
    }

    @Test
    void aLostAnswerIsNotARefusal() throws Exception {
        var lost = new SQLException("connection reset", "08006");

        assertThat(codeOfCommit(resource(Map.of("commit", lost)))).isEqualTo(XAException.XAER_RMFAIL);
        assertThat(codeOfCommit(resource(Map.of("commit", new SQLException("unknown", "40003")))))
                .isEqualTo(XAException.XAER_RMFAIL);
        assertThat(codeOfCommit(resource(Map.of("commit", new SQLException("no state at all")))))
                .isEqualTo(XAException.XAER_RMFAIL);
    }

    @Test
    void whatTheDatabaseRefusesIsRolledBackAndSaysSo() throws Exception {
        var refusal = new SQLException("duplicate", "23505");

        assertThat(codeOfCommit(resource(Map.of("commit", refusal)))).isEqualTo(XAException.XA_RBROLLBACK);

        assertThat(calls).endsWith("commit", "rollback");
        assertThat(codeOfCommit(resource(Map.of("commit", refusal, "rollback", new SQLException("gone", "08006")))))
                .isEqualTo(XAException.XAER_RMFAIL);
    }

    /** Otherwise it would keep the row that whoever asks what was decided waits for. */
    @Test
    void aConnectionThatCannotEvenRollBackIsBrokenOff() throws Exception {
        var gone = new SQLException("gone", "08006");

        codeOfCommit(resource(Map.of("commit", gone, "rollback", gone)));
        assertThat(calls).endsWith("commit", "rollback", "abort");

        var resource = resource(Map.of("rollback", gone));
        resource.start(XID, XAResource.TMNOFLAGS);
        assertThatThrownBy(() -> resource.rollback(XID)).isInstanceOf(XAException.class);
        assertThat(calls).endsWith("rollback", "abort");
    }

    @Test
    void whatIsCommittedStaysSoAlthoughTheConnectionCannotBeRestored() throws Exception {
        var resource = resource(Map.of("setAutoCommit", new SQLException("connection reset", "08006")));
        resource.start(XID, XAResource.TMNOFLAGS);

        resource.commit(XID, true);

        assertThat(calls).endsWith("commit", "setAutoCommit");
    }
}
