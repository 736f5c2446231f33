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

    /** Sells, and commits or rolls back. */
    public void sell(String item, boolean isKept) throws Exception {
        transaction.begin();
        shop.sell(item);
        if (isKept) {
            transaction.commit();
        } else {
            transaction.rollback();
        }
    }

    /** Sells in a transaction that has a second, which this waits for. */
    public void sellTooSlowly(String item, Runnable untilTooLate) throws Exception {
        transaction.setTransactionTimeout(1);
        transaction.begin();
        shop.sell(item);
        untilTooLate.run();
        transaction.commit();
    }
}
