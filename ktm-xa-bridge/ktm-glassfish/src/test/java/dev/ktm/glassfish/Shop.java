package dev.ktm.glassfish;

import jakarta.ejb.Stateless;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;

/** Sells with a persistence context that belongs to the container's transaction. */
@Stateless
public class Shop {

    @PersistenceContext
    @SuppressWarnings("NullAway.Init") // The container sets it.
    private EntityManager entities;

    /** In the caller's transaction, or a new one; after that does what is asked for. */
    public void sell(String item, Task next) throws Exception {
        entities.persist(new Sale(item));
        next.run();
    }
}
