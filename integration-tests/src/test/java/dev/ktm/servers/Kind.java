package dev.ktm.servers;

/** The resource managers that run here. */
enum Kind {
    POSTGRESQL,
    MARIADB,
    H2,
    DERBY,
    ARTEMIS,
    ACTIVEMQ;

    Product product() {
        return switch (this) {
            case POSTGRESQL -> new PostgreSql();
            case MARIADB -> new MariaDb();
            case H2 -> new H2();
            case DERBY -> new Derby();
            case ARTEMIS -> new Artemis();
            case ACTIVEMQ -> new ActiveMqClassic();
        };
    }
}
