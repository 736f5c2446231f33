package dev.ktm.servers;

final class H2Test extends ResourceManagerContract {

    H2Test() {
        super(Kind.H2);
    }
}
