package dev.ktm.servers;

final class PostgreSqlTest extends ResourceManagerContract {

    PostgreSqlTest() {
        super(Kind.POSTGRESQL);
    }
}
