package dev.ktm.servers;

final class ActiveMqClassicTest extends ResourceManagerContract {

    ActiveMqClassicTest() {
        super(Kind.ACTIVEMQ);
    }
}
