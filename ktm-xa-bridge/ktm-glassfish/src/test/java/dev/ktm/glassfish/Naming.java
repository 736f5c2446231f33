package dev.ktm.glassfish;

import java.sql.SQLException;
import java.util.Objects;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;

/** What tests look up. */
final class Naming {

    private Naming() {}

    /** Whatever is bound to this name. */
    @SuppressWarnings("BanJNDI") // The names are ours, and so is what they are bound to.
    static <T> T find(String name, Class<T> kind) throws NamingException {
        return kind.cast(Objects.requireNonNull(new InitialContext().lookup(name)));
    }

    /** A bean of an application. */
    static <B> B bean(String application, Class<B> kind) throws NamingException {
        return find("java:global/" + application + "/" + kind.getSimpleName(), kind);
    }

    /** Runs this statement on a connection of this data source. */
    static void execute(String dataSource, String sql) throws NamingException, SQLException {
        try (var connection = find(dataSource, DataSource.class).getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** How often this item is in the table {@code sale}. */
    static int count(String dataSource, String item) throws NamingException, SQLException {
        try (var connection = find(dataSource, DataSource.class).getConnection();
                var statement = connection.prepareStatement("select count(*) from sale where item = ?")) {
            statement.setString(1, item);
            try (var rows = statement.executeQuery()) {
                if (!rows.next()) {
                    throw new SQLException("expected a count, found nothing");
                }
                return rows.getInt(1);
            }
        }
    }
}
