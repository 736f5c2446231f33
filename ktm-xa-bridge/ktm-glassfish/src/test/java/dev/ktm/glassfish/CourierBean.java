package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.execute;

import jakarta.ejb.MessageDriven;

/** Enters what arrives into two databases. */
@MessageDriven
public class CourierBean implements Courier {

    @Override
    public void arrived(String item) {
        try {
            execute("jdbc/orders", "insert into sale values ('" + item + "')");
            execute("jdbc/stock", "insert into sale values ('" + item + "')");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        if (item.startsWith("broken")) {
            throw new IllegalStateException("it cannot be sold");
        }
    }
}
