package dev.ktm.servers;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class PostgreSqlTest {

    @Nested
    class ThroughItsPool extends ResourceManagerContract {
        ThroughItsPool() {
            super(Kind.POSTGRESQL, Way.POOLED);
        }
    }

    @Nested
    @Tag("campaign")
    class ByHand extends ResourceManagerContract {
        ByHand() {
            super(Kind.POSTGRESQL, Way.BY_HAND);
        }
    }
}
