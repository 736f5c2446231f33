package dev.ktm.servers;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class H2Test {

    @Nested
    class ThroughItsPool extends ResourceManagerContract {
        ThroughItsPool() {
            super(Kind.H2, Way.POOLED);
        }
    }

    @Nested
    @Tag("campaign")
    class ByHand extends ResourceManagerContract {
        ByHand() {
            super(Kind.H2, Way.BY_HAND);
        }
    }
}
