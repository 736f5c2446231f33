package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;

import jakarta.ejb.Stateless;
import java.sql.SQLException;
import javax.naming.NamingException;

/** Sells out of two databases. */
@Stateless
public class Salesman {

    /** Makes the tables. */
    public void open() throws NamingException, SQLException {
        for (var name : new String[] {"orders", "stock"}) {
            execute("jdbc/" + name, "create table sale (item varchar(20))");
        }
    }

    /** One of both, and nothing of either if the item is not for sale. */
    public void sell(String item, boolean dies) throws NamingException, SQLException {
        execute("jdbc/orders", "insert into sale values ('" + item + "')");
        execute("jdbc/stock", "insert into sale values ('" + item + "')");
        if (item.startsWith("unsaleable")) {
            throw new IllegalStateException(item);
        }
        if (dies) {
            System.setProperty("crash", "true");
        }
    }

    /** How many are in each of the two. */
    public String sold(String item) throws NamingException, SQLException {
        return count("jdbc/orders", item) + " and " + count("jdbc/stock", item);
    }
}
