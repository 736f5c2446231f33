package dev.ktm.tomee;

import jakarta.annotation.Resource;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** Sells in transactions of the container. */
@Stateless
@SuppressWarnings("NullAway.Init")
public class Shop {

    @Resource(name = "orders")
    private DataSource orders;

    @Resource(name = "audit")
    private DataSource audit;

    @PersistenceContext(unitName = "items")
    private EntityManager items;

    /** For work that a test brings. */
    @FunctionalInterface
    public interface Work<T> {
        /** Does it. */
        T run() throws Exception;
    }

    /** Work in a transaction of the container. */
    public <T> T inTransaction(Work<T> work) throws Exception {
        return work.run();
    }

    /** Inserts into both databases. */
    public void sell(String item) throws SQLException {
        insert(orders, "insert into sale values (?)", item);
        insert(audit, "insert into noted values (?)", item);
    }

    /** As {@link #sell}, and throws what the container rolls back for. */
    public void sellAndFail(String item) throws SQLException {
        sell(item);
        throw new IllegalStateException("sold out");
    }

    /** Adds an entity and an audit row. */
    public void stock(String item) throws SQLException {
        items.persist(new Item(item));
        insert(audit, "insert into noted values (?)", item);
    }

    public boolean isStocked(String item) {
        return items.find(Item.class, item) != null;
    }

    /** What has been sold. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public List<String> sold() throws SQLException {
        return read(orders, "select item from sale order by item");
    }

    /** What has been noted. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public List<String> noted() throws SQLException {
        return read(audit, "select item from noted order by item");
    }

    /** Makes the tables. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void makeTables() throws SQLException {
        execute(orders, "create table sale (item varchar(100))");
        execute(audit, "create table noted (item varchar(100))");
    }

    static void insert(DataSource database, String sql, String value) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.prepareStatement(sql)) {
            statement.setString(1, value);
            statement.executeUpdate();
        }
    }

    private static void execute(DataSource database, String sql) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String> read(DataSource database, String sql) throws SQLException {
        try (var connection = database.getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var values = new ArrayList<String>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }
}
