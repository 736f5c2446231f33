package dev.ktm.servers;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

class ActiveMqClassicTest {

    @Nested
    class ThroughItsPool extends ResourceManagerContract {
        ThroughItsPool() {
            super(Kind.ACTIVEMQ, Way.POOLED);
        }
    }

    @Nested
    @Tag("campaign")
    class ByHand extends ResourceManagerContract {
        ByHand() {
            super(Kind.ACTIVEMQ, Way.BY_HAND);
        }
    }
}
