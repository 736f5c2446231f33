package dev.ktm.web;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/** Recovery goes on from the start, and not from the first request on. */
@SuppressWarnings("BanJNDI") // Looks its own names up.
// guide
public final class OpensAll implements ServletContextListener {
    @Override
    public void contextInitialized(ServletContextEvent event) {
        try {
            for (var name : new String[] {"jdbc/orders", "jdbc/audit"}) {
                new InitialContext().lookup("java:comp/env/" + name);
            }
        } catch (NamingException e) {
            throw new IllegalStateException(e);
        }
    }
}
// end of guide
