package dev.ktm.tomee;

import jakarta.annotation.Resource;
import jakarta.ejb.EJB;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.transaction.UserTransaction;

/** Begins and ends transactions itself. */
@Stateless
@TransactionManagement(TransactionManagementType.BEAN)
@SuppressWarnings("NullAway.Init")
public class ManualShop {

    @Resource
    private UserTransaction transaction;

    @EJB
    private Shop shop;

    /** Sells, and commits. */
    public void sell(String item) throws Exception {
        transaction.begin();
        shop.sell(item);
        transaction.commit();
    }

    /** Sells, and rolls back. */
    public void sellAndTakeBack(String item) throws Exception {
        transaction.begin();
        shop.sell(item);
        transaction.rollback();
    }

    /** Sells in a transaction that has a second, which the work outlasts. */
    public void sellTooSlowly(String item, Shop.Work work) throws Exception {
        transaction.setTransactionTimeout(1);
        transaction.begin();
        transaction.setTransactionTimeout(0);
        shop.sell(item);
        work.run();
        transaction.commit();
    }
}
