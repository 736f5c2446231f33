package dev.ktm.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/** One worker for each product, from the first time that it is asked for. Not thread-safe. */
final class Workers implements AutoCloseable {

    private final Path directory;
    private final Map<Product, Worker> workers = new EnumMap<>(Product.class);

    /** Workers that keep their files in this directory. */
    Workers(Path directory) {
        this.directory = directory;
    }

    /** The worker for this product. */
    Worker of(Product product) throws IOException {
        var found = workers.get(product);
        if (found == null) {
            found = new Worker(product, Files.createTempDirectory(directory, "worker"));
            workers.put(product, found);
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        for (var worker : workers.values()) {
            worker.close();
        }
    }
}
