package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.rm.TransactionId;
import java.sql.SQLException;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is in the table of a last resource, whoever has written it. */
class DecisionTableTest {

    private static final UUID MANAGER = UUID.randomUUID();
    private static final TransactionId TRANSACTION = new TransactionId(MANAGER, 3, 7);

    private final JdbcDataSource database = new JdbcDataSource();
    private DecisionTable table;

    @BeforeEach
    void make() throws SQLException {
        database.setURL("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
        execute("create table ktm_decision (manager_id char(36) not null, incarnation bigint not null,"
                + " sequence_number bigint not null, outcome char(1),"
                + " primary key (manager_id, incarnation, sequence_number))");
        table = new DecisionTable(database, new DecisionTableName("ktm_decision"));
    }

    private void execute(String sql) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void row(long incarnation, long sequence, String outcome) throws SQLException {
        execute("insert into ktm_decision values ('" + MANAGER + "', " + incarnation + ", " + sequence + ", " + outcome
                + ")");
    }

    @Test
    void aRowSaysWhetherItIsCommitted() throws Exception {
        row(3, 7, "'C'");
        assertThat(table.isCommitted(TRANSACTION)).isTrue();

        var other = new TransactionId(MANAGER, 3, 8);
        row(3, 8, "'R'");
        assertThat(table.isCommitted(other)).isFalse();
    }

    @Test
    void whoAsksFirstDecides() throws Exception {
        assertThat(table.isCommitted(TRANSACTION)).isFalse();
        assertThat(table.noted(MANAGER)).containsExactly(TRANSACTION);

        assertThat(table.isCommitted(TRANSACTION)).isFalse();
    }

    @Test
    void anyOtherOutcomeDecidesNothing() throws Exception {
        row(3, 7, "'c'");
        assertThatThrownBy(() -> table.isCommitted(TRANSACTION))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("expected outcome C or R of transaction " + TRANSACTION)
                .hasMessageContaining("found c");

        execute("update ktm_decision set outcome = null");
        assertThatThrownBy(() -> table.isCommitted(TRANSACTION)).hasMessageContaining("found null");
    }

    @Test
    void aRowWithNumbersThatAreNobodysHidesNoOther() throws Exception {
        row(0, 1, "'C'");
        row(1, -1, "'R'");
        row(3, 7, "'C'");

        assertThat(table.noted(MANAGER)).containsExactly(TRANSACTION);
        table.forget(table.noted(MANAGER));
        assertThat(table.noted(MANAGER)).isEmpty();
    }
}
