package dev.ktm.deployment;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/**
 * Where a run keeps its data.
 *
 * @param directory of everything that is a file
 * @param run the id of the run, in every row and message
 * @param urls of the inventory and of the audit database; empty for two of Derby in the directory
 */
record Place(Path directory, String run, List<String> urls) {

    Database inventory() throws SQLException {
        return database("ktm_inventory", 0);
    }

    Database audit() throws SQLException {
        return database("ktm_audit", 1);
    }

    private Database database(String table, int index) throws SQLException {
        return urls.isEmpty()
                ? Database.derby(directory, table)
                : Database.at(urls.get(Math.min(index, urls.size() - 1)), table);
    }

    Queue queue() throws Exception {
        return Queue.open(directory.resolve("broker"));
    }

    /** Where releases are installed. */
    Path files() {
        return directory.resolve("installed");
    }

    Path log() {
        return directory.resolve("ktm-log");
    }
}
