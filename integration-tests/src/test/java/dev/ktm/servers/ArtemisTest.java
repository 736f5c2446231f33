package dev.ktm.servers;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class ArtemisTest {

    @Nested
    class ThroughItsPool extends ResourceManagerContract {
        ThroughItsPool() {
            super(Kind.ARTEMIS, Way.POOLED);
        }
    }

    @Nested
    @Tag("campaign")
    class ByHand extends ResourceManagerContract {
        ByHand() {
            super(Kind.ARTEMIS, Way.BY_HAND);
        }
    }
}
