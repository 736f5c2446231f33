package dev.ktm;

import dev.ktm.jfr.FlightRecording;
import dev.ktm.jta.JtaCoordinator;
import dev.ktm.jta.XaResourceFactory;
import dev.ktm.management.KtmManagement;
import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorChannel;
import dev.ktm.operator.RecentReports;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.ManagerHandle;
import dev.ktm.tm.ManagerOptions;
import dev.ktm.tm.TransactionManagers;
import dev.ktm.tm.TransactionObserver;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.util.List;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jboss.tm.ExtendedJBossXATerminator;
import org.jboss.tm.XAResourceRecoveryRegistry;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator: one log, and the faces through which transactions are begun, joined and ended. Any number can live in one JVM;
 * each has its own identity and never touches the branches of another. Safe for many threads.
 *
 * <pre>{@code
 * try (var ktm = Ktm.open(KtmOptions.builder().logDirectory(Path.of("ktm-log")).build())) {
 *     ktm.userTransaction().begin();
 *     ktm.transactionManager().getTransaction().enlistResource(xaConnection.getXAResource());
 *     // work with the connection
 *     ktm.userTransaction().commit();
 * }
 * }</pre>
 */
public final class Ktm implements AutoCloseable {

    private final TransactionManagers managers;
    private final ManagerHandle manager;
    private final JtaCoordinator jta;
    private final Operations operations;
    private final @Nullable OperatorChannel channel;
    private final @Nullable FlightRecording recording;
    private final KtmManagement.@Nullable Registration bean;

    private Ktm(
            TransactionManagers managers,
            ManagerHandle manager,
            JtaCoordinator jta,
            Operations operations,
            KtmOptions options) {
        this.managers = managers;
        this.manager = manager;
        this.jta = jta;
        this.operations = operations;
        boolean hasChannel =
                options.isOperatorChannel() && options.logDirectory().isPresent();
        this.channel = hasChannel ? OperatorChannel.start(operations, options.operatorDirectory()) : null;
        this.recording = FlightRecording.start(managers);
        this.bean = options.isJmx() ? KtmManagement.register(operations) : null;
    }

    /**
     * Opens a coordinator, and recovers its log before it returns. Branches of resource managers are finished as soon as these
     * are registered.
     *
     * @throws KtmOpenException if the log is in use, damaged, of another version, or cannot be read or made
     */
    public static Ktm open(KtmOptions options) {
        var reports = new RecentReports();
        var listener = options.reportListener();
        var managers = new TransactionManagers(report -> {
            reports.accept(report);
            listener.accept(report);
        });
        try {
            var manager = managers.create(managerOptions(options));
            if (!options.isInMemory()) {
                manager.recover();
            }
            var jta = JtaCoordinator.start(
                    manager,
                    new JtaCoordinator.Options(
                            options.defaultTimeout(),
                            options.recoveryInterval(),
                            options.isParallel(),
                            options.resourceTimeout(),
                            managers::report));
            var operations = new Operations(manager, jta, reports);
            options.observers().forEach(managers::observe);
            return new Ktm(managers, manager, jta, operations, options);
        } catch (KtmException e) {
            managers.close();
            throw new KtmOpenException(e);
        } catch (RuntimeException | Error e) {
            managers.close();
            throw e;
        }
    }

    private static ManagerOptions managerOptions(KtmOptions options) {
        var place = options.isInMemory()
                ? ManagerOptions.inMemory()
                : options.logDirectory()
                        .map(ManagerOptions::durable)
                        .orElseGet(() -> ManagerOptions.durable(options.device().orElseThrow()));
        return place.withLogOptions(options.logOptions())
                .withName(options.nodeName())
                .withPinLimit(options.logPinLimit());
    }

    /** Jakarta Transactions for application servers and frameworks; every transaction is a {@link dev.ktm.tm.KtmTransaction}. */
    public TransactionManager transactionManager() {
        return jta.transactionManager();
    }

    /** Jakarta Transactions for applications. */
    public UserTransaction userTransaction() {
        return jta.userTransaction();
    }

    /** Jakarta Transactions for components that live inside a transaction. */
    public TransactionSynchronizationRegistry synchronizationRegistry() {
        return jta.synchronizationRegistry();
    }

    /** Where those register that have branches to be recovered. */
    public XAResourceRecoveryRegistry recoveryRegistry() {
        return jta.recoveryRegistry();
    }

    /**
     * For other transaction managers that decide transactions of this one: Jakarta Connectors' inflow. It is a {@code
     * jakarta.resource.spi.XATerminator} and an {@code org.jboss.tm.JBossXATerminator}, too.
     */
    public ExtendedJBossXATerminator xaTerminator() {
        return jta.xaTerminator();
    }

    /**
     * This coordinator as a resource of another transaction manager, which then decides everything that is done between {@code
     * start} and {@code end}: with native files, the registry and whatever else takes part in transactions here. Prepared branches
     * are listed by {@code recover}, also after a restart. Each call gives one of its own; all are the same resource manager. A
     * branch whose superior sets no timeout has the default one of this coordinator until it is prepared.
     */
    public XAResource xaResource() {
        return jta.inflow();
    }

    /**
     * Registers a resource manager under a name that stays the same over restarts, so that its branches can be found and
     * finished after a crash. It is asked at once, and again at intervals.
     *
     * @param name 1 to 255 bytes in UTF-8, not blank
     * @throws IllegalArgumentException if another is registered under this name, or it is none
     */
    public void register(String name, XaResourceFactory factory) {
        jta.register(name, factory);
    }

    /** As {@link #register(String, XaResourceFactory)}: asks with a connection of its own each time, and closes it. */
    public void register(String name, XADataSource dataSource) {
        jta.register(name, dataSource);
    }

    /**
     * A resource that says under which registration its branches are found again. Without it the resource manager is recognised
     * by {@code isSameRM}, which many drivers answer with no for any other connection: then a branch that was committed just
     * before a crash stays pending, because nobody can say that it has finished.
     *
     * @throws IllegalArgumentException if it is none that could be registered
     */
    public XAResource named(String name, XAResource resource) {
        return JtaCoordinator.named(name, resource);
    }

    /**
     * As {@link #registerLastResource(String, DataSource, String)}, with the table {@code ktm_decision}.
     */
    public void registerLastResource(String name, DataSource dataSource) {
        jta.registerLastResource(name, dataSource);
    }

    /**
     * Registers a last resource: a database without XA, one of which may take part in a transaction beside others. It commits when
     * all others are prepared, and notes in its own local transaction, in this table, that it has: so a restart knows what was
     * decided. Enlisted resources of this name must be an {@link org.jboss.tm.LastResource} and an {@link
     * org.jboss.tm.ConnectableResource} with a JDBC connection that is not in auto-commit mode.
     *
     * @param dataSource connections of the same database, to read the table and to clean it up
     * @param table its name, with the schema if it needs one; how it is made stands in the guide to last resources
     * @throws IllegalArgumentException if another is registered under this name, or it is no name of a table
     */
    public void registerLastResource(String name, DataSource dataSource, String table) {
        jta.registerLastResource(name, dataSource, table);
    }

    /**
     * Takes a registration back; waits while its resource manager is being asked, ten seconds at most. Does nothing if there is
     * none.
     */
    public void unregister(String name) {
        jta.unregister(name);
    }

    /** The names under which resource managers are registered, in their order. */
    public List<String> resourceManagers() {
        return jta.registeredNames();
    }

    /** Asks every registered resource manager for its branches now, on this thread, and finishes what can be finished. */
    public void recoverNow() {
        jta.recoverNow();
    }

    /** What operators see of the coordinator and can do with it. */
    public Operations operations() {
        return operations;
    }

    /**
     * Has an observer watch every transaction that begins from now on, until what is returned is closed. Those that are to see all
     * of them are said with {@link KtmOptions.Builder#observer}.
     */
    public TransactionObserver.Registration observe(TransactionObserver observer) {
        return managers.observe(observer);
    }

    /** The native face of the coordinator. */
    public ManagerHandle manager() {
        return manager;
    }

    /** The namespace that the coordinator lives in. */
    public TransactionManagers managers() {
        return managers;
    }

    /**
     * Takes nothing new, lets commits that have begun end, rolls the rest back, stops every thread, releases the log.
     *
     * <p>Waits a minute at most for commits, then some seconds for calls of resources that are still on their way, which are
     * interrupted after that. A thread in a call that heeds no interrupt ends when the call comes back; it is a daemon, and what
     * the call answers changes nothing here any more.
     */
    @Override
    public void close() {
        if (bean != null) {
            bean.close();
        }
        if (channel != null) {
            channel.close();
        }
        jta.stopRecovery();
        manager.close();
        jta.close();
        managers.close();
        if (recording != null) {
            recording.close();
        }
    }
}
