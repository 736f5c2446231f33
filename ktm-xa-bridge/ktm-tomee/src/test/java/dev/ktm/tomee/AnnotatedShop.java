package dev.ktm.tomee;

import jakarta.annotation.Resource;
import jakarta.ejb.EJB;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import jakarta.transaction.UserTransaction;
import java.io.IOException;
import java.sql.SQLException;

/** Works in transactions that annotations ask for. */
@ApplicationScoped
@SuppressWarnings("NullAway.Init")
public class AnnotatedShop {

    @EJB
    private Shop shop;

    @Resource
    private UserTransaction transaction;

    /** Sells. */
    @Transactional
    public void sell(String item) throws SQLException {
        shop.sell(item);
    }

    /** Sells, and has it rolled back. */
    @Transactional(rollbackOn = IOException.class)
    public void sellAndFail(String item) throws Exception {
        shop.sell(item);
        throw new IOException("sold out");
    }

    /** Sells, and breaks. */
    @Transactional
    public void sellAndBreak(String item) throws SQLException {
        shop.sell(item);
        throw new AssertionError("broken");
    }

    /** Does what an annotated method may not do, and says whether it is refused. */
    @Transactional
    public boolean isRefusedTheUserTransaction() throws Exception {
        try {
            transaction.begin();
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }
}
