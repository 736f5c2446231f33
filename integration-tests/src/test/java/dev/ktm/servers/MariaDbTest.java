package dev.ktm.servers;

final class MariaDbTest extends ResourceManagerContract {

    MariaDbTest() {
        super(Kind.MARIADB);
    }
}
