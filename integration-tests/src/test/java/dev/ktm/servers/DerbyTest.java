package dev.ktm.servers;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class DerbyTest {

    @Nested
    class ThroughItsPool extends ResourceManagerContract {
        ThroughItsPool() {
            super(Kind.DERBY, Way.POOLED);
        }
    }

    @Nested
    @Tag("campaign")
    class ByHand extends ResourceManagerContract {
        ByHand() {
            super(Kind.DERBY, Way.BY_HAND);
        }
    }
}
