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
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;

/** Works in transactions of the container. */
@Stateless
@SuppressWarnings("NullAway.Init")
public class Shop {

    @Resource(name = "orders")
    private DataSource orders;

    @Resource(name = "audit")
    private DataSource audit;

    @Resource(name = "ledger")
    private DataSource ledger;

    @PersistenceContext(unitName = "items")
    private EntityManager items;

    /** What a test wants done. */
    @FunctionalInterface
    public interface Work {
        /** Does it. */
        void run() throws Exception;
    }

    /** Makes the tables. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void makeTables() throws SQLException {
        execute(orders, "create table sale (item varchar(100))");
        execute(audit, "create table noted (item varchar(100))");
        execute(ledger, "create table booked (item varchar(100))");
    }

    /** Work in a transaction of the container. */
    public void inTransaction(Work work) throws Exception {
        work.run();
    }

    /** Work in a transaction of its own. */
    @TransactionAttribute(TransactionAttributeType.REQUIRES_NEW)
    public void inNewTransaction(Work work) throws Exception {
        work.run();
    }

    /** Inserts into two databases. */
    public void sell(String item) throws SQLException {
        insert(orders, "insert into sale values (?)", item);
        insert(audit, "insert into noted values (?)", item);
    }

    /** Inserts into one database. */
    public void note(String item) throws SQLException {
        insert(audit, "insert into noted values (?)", item);
    }

    /** Inserts into the database whose class the data source says itself. */
    public void book(String item) throws SQLException {
        insert(ledger, "insert into booked values (?)", item);
    }

    /** Adds an entity, and a row in another database. */
    public void stock(String item) throws SQLException {
        items.persist(new Item(item));
        note(item);
    }

    /** Whether there is an entity. */
    public boolean isStocked(String item) {
        return items.find(Item.class, item) != null;
    }

    /** Whether it is noted, as the transaction sees it. */
    public boolean isNoted(String item) throws SQLException {
        return read(audit, "select item from noted").contains(item);
    }

    /** Whether it is booked, as the transaction sees it. */
    public boolean isBooked(String item) throws SQLException {
        return read(ledger, "select item from booked").contains(item);
    }

    /** Looks something up from inside of the application; the names are constants. */
    @SuppressWarnings("BanJNDI")
    public Object lookUp(String name) throws NamingException {
        return new InitialContext().lookup(name);
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

    /** What has been booked. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public List<String> booked() throws SQLException {
        return read(ledger, "select item from booked order by item");
    }

    private static void insert(DataSource database, String sql, String value) throws SQLException {
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
