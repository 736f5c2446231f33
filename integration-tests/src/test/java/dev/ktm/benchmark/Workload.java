package dev.ktm.benchmark;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where transactions work. */
enum Workload {
    TWO_DATABASES("A row in each of two H2 databases, WRITE_DELAY=0"),
    TWO_DATABASES_DELAYED("A row in each of two H2 databases, WRITE_DELAY as it comes"),
    DATABASE_AND_BROKER("A row in an H2 database, WRITE_DELAY=0, and a persistent message to Artemis in the same JVM");

    private final String text;

    Workload(String text) {
        this.text = text;
    }

    /** In words. */
    String text() {
        return text;
    }

    /** Makes what they work in. */
    Site open(Path directory) throws Exception {
        var orders = directory.resolve("orders");
        var stock = directory.resolve("stock");
        return switch (this) {
            case TWO_DATABASES -> new Site(List.of(Inserts.in(orders), Inserts.in(stock)), Optional.empty());
            case TWO_DATABASES_DELAYED ->
                new Site(List.of(Inserts.delayedIn(orders), Inserts.delayedIn(stock)), Optional.empty());
            case DATABASE_AND_BROKER ->
                new Site(List.of(Inserts.in(orders)), Optional.of(QueueBroker.start(directory.resolve("broker"))));
        };
    }
}
