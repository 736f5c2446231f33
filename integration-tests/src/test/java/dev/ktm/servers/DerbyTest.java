package dev.ktm.servers;

final class DerbyTest extends ResourceManagerContract {

    DerbyTest() {
        super(Kind.DERBY);
    }
}
