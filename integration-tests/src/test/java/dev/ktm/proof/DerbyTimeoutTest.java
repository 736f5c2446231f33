package dev.ktm.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.log.testing.Until;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.derby.jdbc.EmbeddedXADataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Derby keeps a promise only until a timeout that it was told. */
@Tag("slow")
class DerbyTimeoutTest {

    @TempDir
    Path directory;

    private final EmbeddedXADataSource derby = new EmbeddedXADataSource();

    @BeforeEach
    void makeTable() throws SQLException {
        derby.setDatabaseName(directory.resolve("work").toString());
        derby.setCreateDatabase("create");
        var connection = derby.getXAConnection();
        try (var statement = connection.getConnection().createStatement()) {
            statement.execute("CREATE TABLE orders (k VARCHAR(100) NOT NULL PRIMARY KEY)");
        } finally {
            connection.close();
        }
    }

    /** No coordinator is involved: it has voted yes, and nobody has told it to roll back. */
    @Test
    void rollsBackWhatIsPreparedWhenTheTimeoutIsOver() throws Exception {
        var connection = derby.getXAConnection();
        var resource = connection.getXAResource();
        var handle = connection.getConnection();
        var xid = new SomeXid();
        assertThat(resource.setTransactionTimeout(1)).isTrue();
        resource.start(xid, XAResource.TMNOFLAGS);
        try (var statement = handle.createStatement()) {
            statement.execute("INSERT INTO orders VALUES ('lamp')");
        }
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);

        Until.holds(() -> listed() == 0);

        var refusal = catchThrowableOfType(XAException.class, () -> resource.commit(xid, false));
        assertThat(refusal.errorCode).isEqualTo(XAException.XAER_NOTA);
    }

    private int listed() throws SQLException, XAException {
        var connection = derby.getXAConnection();
        try {
            return connection.getXAResource().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN).length;
        } finally {
            connection.close();
        }
    }

    @Test
    void isToldByItsPoolATimeoutThatNoCoordinatorIsAwayFor() throws Exception {
        var told = new ArrayList<Integer>();
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(directory.resolve("log"))
                        .build());
                var pool = KtmDataSource.open(ktm, "derby", Untimed.of(derby, told::add))) {
            ktm.userTransaction().begin();
            try (var connection = pool.getConnection();
                    var statement = connection.createStatement()) {
                statement.execute("INSERT INTO orders VALUES ('lamp')");
            }
            ktm.userTransaction().commit();
        }
        assertThat(told).containsOnly(2_000_000);
    }

    @Test
    void isToldTheSameIfItsResourceIsEnlistedItself() throws Exception {
        var connection = derby.getXAConnection();
        try (var ktm = Ktm.open(
                KtmOptions.builder().logDirectory(directory.resolve("log")).build())) {
            var resource = connection.getXAResource();
            ktm.userTransaction().begin();
            ktm.transactionManager().getTransaction().enlistResource(ktm.named("derby", resource));

            assertThat(resource.getTransactionTimeout()).isEqualTo(2_000_000);
            ktm.userTransaction().rollback();
        } finally {
            connection.close();
        }
    }

    private static final class SomeXid implements Xid {
        @Override
        public int getFormatId() {
            return 1;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {1};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }
}
