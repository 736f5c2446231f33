package dev.ktm.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.TransactionId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What JSON is written of. */
class JsonTest {

    /** One of each. */
    public record Everything(
            String text,
            int number,
            boolean isSo,
            double share,
            Optional<String> absent,
            Optional<Duration> left,
            Duration age,
            Instant when,
            UUID id,
            TransactionId transaction,
            Outcome outcome,
            OptionalLong lsn,
            List<String> all,
            Map<String, Integer> counts) {}

    @Test
    void recordsBecomeObjectsOfTheirComponents() {
        var manager = new UUID(1, 2);
        var everything = new Everything(
                "a",
                1,
                true,
                0.5,
                Optional.empty(),
                Optional.of(Duration.ofSeconds(2)),
                Duration.ofMillis(3),
                Instant.EPOCH,
                manager,
                new TransactionId(manager, 3, 4),
                Outcome.COMMITTED,
                OptionalLong.of(5),
                List.of("b", "c"),
                Map.of("d", 6));

        assertThat(Json.of(everything))
                .isEqualTo("{\"text\":\"a\",\"number\":1,\"isSo\":true,\"share\":0.5,\"absent\":null,"
                        + "\"leftMillis\":2000,\"ageMillis\":3,\"when\":\"1970-01-01T00:00:00Z\","
                        + "\"id\":\"00000000-0000-0001-0000-000000000002\","
                        + "\"transaction\":\"00000000-0000-0001-0000-000000000002-3-4\",\"outcome\":\"COMMITTED\","
                        + "\"lsn\":5,\"all\":[\"b\",\"c\"],\"counts\":{\"d\":6}}");
        assertThat(Json.of(null)).isEqualTo("null");
        assertThat(Json.of(Double.NaN)).isEqualTo("null");
    }

    @Test
    void whatTextsHoldCannotLeaveThem() {
        assertThat(Json.of("\"\\\n\r\t\u0000\u001b\u0085")).isEqualTo("\"\\\"\\\\\\n\\r\\t\\u0000\\u001b\\u0085\"");
        assertThat(Json.of("half \ud800 a pair \udc00, and a whole one \ud83d\ude00"))
                .isEqualTo("\"half \\ud800 a pair \\udc00, and a whole one \ud83d\ude00\"");
    }

    @Test
    void whatContainsItselfIsRefused() {
        var endless = new ArrayList<Object>();
        endless.add(endless);

        assertThatThrownBy(() -> Json.of(endless)).isInstanceOf(IllegalArgumentException.class);
    }

    /** As their own tools list a branch of format 1, global transaction id 0x0aff and qualifier 0x01. */
    @Test
    void branchesAreWrittenAsTheirResourceManagersWriteThem() {
        var branch = new BranchId(1, "0aff", "01");

        assertThat(Notation.of("org.postgresql.xa.PGXAConnection").text(branch)).isEqualTo("1_Cv8=_AQ==");
        assertThat(Notation.of("org.mariadb.jdbc.MariaDbPoolConnection$MariaDbXAResource")
                        .text(branch))
                .isEqualTo("X'0aff',X'01',1");
        assertThat(Notation.of("com.mysql.cj.jdbc.MysqlXAConnection").text(branch))
                .isEqualTo("X'0aff',X'01',1");
        assertThat(Notation.of("oracle.jdbc.xa.client.OracleXAResource").text(branch))
                .isEqualTo("1.0AFF.01");
        assertThat(Notation.of("org.h2.jdbcx.JdbcXAConnection").text(branch)).isEqualTo("XID|1|AQ|Cv8");
        assertThat(Notation.of("org.apache.derby.client.net.NetXAResource").text(branch))
                .isEqualTo("(1,0aff,01)");
        assertThat(Notation.of("com.example.Other").text(branch)).isEqualTo("1:0aff:01");
        assertThat(Notation.of("").text(branch)).isEqualTo("1:0aff:01");
    }
}
