package dev.ktm.servers;

final class ArtemisTest extends ResourceManagerContract {

    ArtemisTest() {
        super(Kind.ARTEMIS);
    }
}
