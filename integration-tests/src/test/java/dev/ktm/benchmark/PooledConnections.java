package dev.ktm.benchmark;

import javax.sql.DataSource;

/**
 * A data source outside transactions: its unit of work is a hundred connections, each taken and given back, so that the clock is
 * not what is measured.
 *
 * @param source where they are taken
 * @param opened what is closed in the end
 */
record PooledConnections(DataSource source, AutoCloseable opened) implements DurableLog {

    private static final int CONNECTIONS = 100;

    @Override
    public Appender appender() {
        return () -> {
            for (int i = 0; i < CONNECTIONS; i++) {
                source.getConnection().close();
            }
        };
    }

    @Override
    public void close() throws Exception {
        opened.close();
    }
}
