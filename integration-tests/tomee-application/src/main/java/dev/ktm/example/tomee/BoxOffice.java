package dev.ktm.example.tomee;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.Resource;
import jakarta.ejb.EJBException;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import java.sql.SQLException;
import javax.sql.DataSource;

/** Sells tickets. Each business method is one transaction over both databases. */
@Singleton
@Startup
@SuppressWarnings({"DesignForExtension", "NullAway.Init"})
public class BoxOffice {

    private static final int SEATS = 100;

    @Resource(name = "seats")
    private DataSource seats;

    @Resource(name = "bills")
    private DataSource bills;

    @PostConstruct
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    void makeTables() {
        write(seats, "create table if not exists seat (number int primary key)");
        write(bills, "create table if not exists bill (seat int primary key)");
    }

    /** The bill and the seat, or neither. */
    public void sell(int seat) {
        write(bills, "insert into bill values (" + seat + ")");
        write(seats, "insert into seat values (" + seat + ")");
        if (seat > SEATS) {
            throw new IllegalArgumentException("expected a seat up to " + SEATS + ", found " + seat);
        }
    }

    /** How many seats are sold, and how many bills are written. */
    public String sold() {
        return count(seats, "select count(*) from seat") + " seats, " + count(bills, "select count(*) from bill")
                + " bills";
    }

    private static void write(DataSource database, String sql) {
        try (var connection = database.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            // An exception that is checked would have the container commit.
            throw new EJBException(e);
        }
    }

    private static int count(DataSource database, String sql) {
        try (var connection = database.getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getInt(1);
        } catch (SQLException e) {
            throw new EJBException(e);
        }
    }
}
