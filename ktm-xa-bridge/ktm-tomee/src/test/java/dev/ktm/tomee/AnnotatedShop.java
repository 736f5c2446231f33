package dev.ktm.tomee;

import jakarta.annotation.Resource;
import jakarta.ejb.EJB;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import jakarta.transaction.UserTransaction;

/** Sells in transactions that annotations ask for. */
@ApplicationScoped
@SuppressWarnings("NullAway.Init")
public class AnnotatedShop {

    @EJB
    private Shop shop;

    @Resource
    private UserTransaction transaction;

    /** Sells. */
    @Transactional
    public void sell(String item) throws Exception {
        shop.sell(item);
    }

    /** Sells, and has it rolled back. */
    @Transactional(rollbackOn = Exception.class)
    public void sellAndFail(String item) throws Exception {
        shop.sell(item);
        throw new java.io.IOException("sold out");
    }

    /** What an annotated method may not do. */
    @Transactional
    public void begin() throws Exception {
        transaction.begin();
    }
}
