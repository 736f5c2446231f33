package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.jms.KtmConnectionFactory;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.TransactionState;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.XAConnectionFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.BeanNameAware;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.InitializingBean;

/** A {@link KtmConnectionFactory} that is found again after a crash by the name of its bean. Opened when that is known. */
final class BeanConnectionFactory
        implements ConnectionFactory, BeanNameAware, BeanFactoryAware, InitializingBean, DisposableBean {

    private static final long LONGEST_COMMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Ktm ktm;
    private final KtmProperties properties;
    private final XAConnectionFactory factory;
    private String beanName = "";
    private @Nullable BeanFactory beans;
    private @Nullable KtmConnectionFactory opened;

    BeanConnectionFactory(Ktm ktm, KtmProperties properties, XAConnectionFactory factory) {
        this.ktm = ktm;
        this.properties = properties;
        this.factory = factory;
    }

    @Override
    public void setBeanFactory(BeanFactory value) {
        beans = value;
    }

    @Override
    public void setBeanName(String name) {
        beanName = name;
    }

    @Override
    public void afterPropertiesSet() {
        var names = BeanNames.of(beanName, beans);
        beanName = names.name();
        var more = names.find("ktm.jms.", properties.getJms()).orElseGet(KtmProperties.Resource::new);
        var name = more.getName() == null ? beanName : more.getName();
        if (ktm.resourceManagers().contains(name)) {
            throw new PropertyException(
                    "ktm.jms." + beanName + ".name",
                    "expected a name that no other data source or connection factory has, found \"" + name
                            + "\" again: each has its own, by which its branches are found after a crash");
        }
        var builder = KtmConnectionFactory.builder(ktm, name, factory);
        var user = more.getRecoveryUser();
        if (user != null) {
            var password = more.getRecoveryPassword();
            builder.recoveryCredentials(user, password == null ? "" : password);
        }
        try {
            opened = builder.build();
        } catch (IllegalArgumentException e) {
            throw new PropertyException(
                    "spring.artemis.* or spring.activemq.*, of which it is made, or ktm.jms." + beanName + ".*",
                    "connection factory \"" + beanName + "\" cannot be opened: " + e.getMessage(),
                    e);
        }
    }

    boolean isMadeOf(ConnectionFactory raw) {
        return raw == factory;
    }

    private ConnectionFactory opened() {
        var factoryOfTransactions = opened;
        if (factoryOfTransactions == null) {
            throw new IllegalStateException(
                    "expected a connection factory that is a bean, found one that is not: return"
                            + " what wrapConnectionFactory gives from a method with @Bean; branches are found again by the name of"
                            + " the bean");
        }
        return factoryOfTransactions;
    }

    @Override
    public Connection createConnection() throws JMSException {
        return opened().createConnection();
    }

    @Override
    public Connection createConnection(String user, String password) throws JMSException {
        return opened().createConnection(user, password);
    }

    @Override
    public JMSContext createContext() {
        return opened().createContext();
    }

    @Override
    public JMSContext createContext(String user, String password) {
        return opened().createContext(user, password);
    }

    @Override
    public JMSContext createContext(String user, String password, int sessionMode) {
        return opened().createContext(user, password, sessionMode);
    }

    @Override
    public JMSContext createContext(int sessionMode) {
        return opened().createContext(sessionMode);
    }

    @Override
    public void destroy() {
        if (opened != null) {
            awaitCommits(opened);
            opened.close();
        }
    }

    /**
     * A commit may be under way on a thread that no lifecycle waits for. What it has decided reaches the broker now, with the
     * session that it has, rather than after the next start.
     */
    private void awaitCommits(KtmConnectionFactory factoryOfTransactions) {
        long began = System.nanoTime();
        while (factoryOfTransactions.enlistedSessions() > 0
                && someEnd()
                && System.nanoTime() - began < LONGEST_COMMIT_NANOS
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private boolean someEnd() {
        try {
            return ktm.manager().live().stream().anyMatch(each -> each.state() != TransactionState.ACTIVE);
        } catch (KtmException e) {
            System.getLogger(BeanConnectionFactory.class.getName())
                    .log(System.Logger.Level.DEBUG, "the coordinator cannot be asked", e);
            return false;
        }
    }

    @Override
    public String toString() {
        return opened == null ? "connection factory that is not open yet" : opened.toString();
    }
}
