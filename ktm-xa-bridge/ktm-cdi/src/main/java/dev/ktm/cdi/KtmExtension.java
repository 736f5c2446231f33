package dev.ktm.cdi;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Default;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.spi.AfterBeanDiscovery;
import jakarta.enterprise.inject.spi.AfterDeploymentValidation;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.enterprise.inject.spi.BeforeBeanDiscovery;
import jakarta.enterprise.inject.spi.DeploymentException;
import jakarta.enterprise.inject.spi.Extension;
import jakarta.enterprise.inject.spi.ProcessManagedBean;
import jakarta.inject.Singleton;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionScoped;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * Adds to a CDI container what transactions need: interceptors for {@code @Transactional}, the context of {@code
 * @TransactionScoped}, and beans for {@link TransactionManager}, {@link UserTransaction} and {@link
 * TransactionSynchronizationRegistry}, each unless the application or its server has one.
 *
 * <p>The coordinator is the bean of type {@link Ktm}. If there is none, one is opened on first use and closed with the container:
 * with the bean of type {@link KtmOptions}, or else with its log in the directory that the system property {@value
 * #LOG_DIRECTORY} names. A {@code Ktm} is final and cannot have a proxy, and there has to be one for all: its scope is {@code
 * @Singleton}.
 */
public final class KtmExtension implements Extension {

    /** The system property that names the directory of the log, for applications without a bean that says it. */
    public static final String LOG_DIRECTORY = "ktm.log-directory";

    private final TransactionalRules rules = new TransactionalRules();

    /** Called by the container. */
    public KtmExtension() {}

    void addInterceptors(@Observes BeforeBeanDiscovery event) {
        for (var interceptor : TransactionalInterceptor.ALL) {
            event.addAnnotatedType(interceptor, interceptor.getName());
        }
    }

    <X> void noteRules(@Observes ProcessManagedBean<X> event, BeanManager beans) {
        rules.note(event.getAnnotatedBeanClass(), beans);
    }

    void addBeans(@Observes AfterBeanDiscovery event, BeanManager beans) {
        if (isMissing(beans, Ktm.class)) {
            event.<Ktm>addBean()
                    .id("dev.ktm.Ktm")
                    .types(Ktm.class, Object.class)
                    .qualifiers(Default.Literal.INSTANCE, Any.Literal.INSTANCE)
                    .scope(Singleton.class)
                    .produceWith(KtmExtension::open)
                    .disposeWith((ktm, instance) -> ktm.close());
        }
        event.<Transactions>addBean()
                .id("dev.ktm.cdi.Transactions")
                .types(Transactions.class, Object.class)
                .qualifiers(Default.Literal.INSTANCE, Any.Literal.INSTANCE)
                .scope(ApplicationScoped.class)
                .produceWith(
                        instance -> new Transactions(instance.select(Ktm.class).get(), rules, beans.getEvent()));
        addFace(event, beans, TransactionManager.class, Transactions::transactionManager);
        addFace(event, beans, UserTransaction.class, Transactions::userTransaction);
        addFace(event, beans, TransactionSynchronizationRegistry.class, Transactions::synchronizationRegistry);
        event.addContext(new TransactionContext(() -> transactions(beans)));
        if (isWeldThere()) {
            WeldTransactionServices.connect(beans, () -> transactions(beans));
        }
    }

    /** What is for Weld alone cannot even be loaded where it is not. */
    private static boolean isWeldThere() {
        try {
            Class.forName("org.jboss.weld.manager.api.WeldManager", false, KtmExtension.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** One that is made anew for each who wants it is several coordinators, each with its own transactions. */
    void requireOneCoordinator(@Observes AfterDeploymentValidation event, BeanManager beans) {
        // Thrown, not added to the event: OpenWebBeans keeps to itself what is added.
        for (var bean : beans.getBeans(Ktm.class)) {
            if (bean.getScope() == Dependent.class) {
                throw new DeploymentException("expected a bean of type " + Ktm.class.getName()
                        + " that is @Singleton, found " + bean
                        + ", which is @Dependent: each that it is injected into would"
                        + " have a coordinator of its own");
            }
        }
    }

    private static Transactions transactions(BeanManager beans) {
        return beans.createInstance().select(Transactions.class).get();
    }

    private static boolean isMissing(BeanManager beans, Class<?> type) {
        return beans.getBeans(type).isEmpty();
    }

    /** A proxy stands for it, which beans of passivating scopes may hold. */
    private static <T> void addFace(
            AfterBeanDiscovery event, BeanManager beans, Class<T> type, Function<Transactions, T> face) {
        if (isMissing(beans, type)) {
            event.<T>addBean()
                    .id("dev.ktm.cdi." + type.getSimpleName())
                    .types(type, Object.class)
                    .qualifiers(Default.Literal.INSTANCE, Any.Literal.INSTANCE)
                    .scope(ApplicationScoped.class)
                    .produceWith(instance ->
                            face.apply(instance.select(Transactions.class).get()));
        }
    }

    private static Ktm open(Instance<Object> instance) {
        var options = instance.select(KtmOptions.class);
        if (!options.isUnsatisfied()) {
            // Of two the container says which.
            return Ktm.open(options.get());
        }
        var directory = System.getProperty(LOG_DIRECTORY);
        if (directory == null) {
            throw new IllegalStateException("expected a bean of type " + Ktm.class.getName() + " or "
                    + KtmOptions.class.getName() + ", or the system property " + LOG_DIRECTORY
                    + ", found none of them: say where the log is to be kept");
        }
        return Ktm.open(KtmOptions.builder().logDirectory(Path.of(directory)).build());
    }

    /** The scope is defined by Jakarta Transactions; containers that do not know it are told. */
    void addScope(@Observes BeforeBeanDiscovery event, BeanManager beans) {
        if (!beans.isScope(TransactionScoped.class)) {
            event.addScope(TransactionScoped.class, true, true);
        }
    }
}
