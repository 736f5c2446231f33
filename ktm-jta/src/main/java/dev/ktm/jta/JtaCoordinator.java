package dev.ktm.jta;

import dev.ktm.rm.KtmException;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle;
import dev.ktm.tm.TransactionOptions;
import jakarta.transaction.SystemException;
import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.jboss.tm.ExtendedJBossXATerminator;
import org.jboss.tm.XAResourceRecovery;
import org.jboss.tm.XAResourceRecoveryRegistry;

/** Everything Jakarta Transactions and XA over one transaction manager. Safe for many threads. */
public final class JtaCoordinator implements AutoCloseable {

    /** The id of the resource manager that stands for all XA resources, the same in every log. */
    private static final UUID XA_RESOURCES = UUID.nameUUIDFromBytes("dev.ktm.xa".getBytes(StandardCharsets.UTF_8));

    /** The id of the resource manager that stands for all superiors. */
    private static final UUID SUPERIORS = UUID.nameUUIDFromBytes("dev.ktm.superiors".getBytes(StandardCharsets.UTF_8));

    private final ManagerHandle manager;
    private final Options options;
    private final TransactionOptions ordinaryTransaction;
    private final Threads threads;
    private final XaRecovery recovery;
    private final LastResources lastResources;
    private final XaEnlisting enlisting;
    private final JtaTransactionManager transactionManager;
    private final JtaUserTransaction userTransaction;
    private final JtaSynchronizationRegistry synchronizationRegistry;
    private final XaTerminator terminator;

    /**
     * How it works.
     *
     * @param defaultTimeout of transactions; zero for never
     * @param recoveryInterval between two times that a resource manager is asked for its branches
     * @param parallel whether the branches of a transaction are prepared and committed at once
     * @param callLimit how long a call of a resource may take before it is given up; zero for ever
     * @param reports where reports go
     */
    public record Options(
            Duration defaultTimeout,
            Duration recoveryInterval,
            boolean parallel,
            Duration callLimit,
            Consumer<OutcomeReport> reports) {}

    /** Over a transaction manager that is online; starts to finish what an earlier life has left. */
    public static JtaCoordinator start(ManagerHandle manager, Options options) throws KtmException {
        var coordinator = new JtaCoordinator(manager, options);
        coordinator.recovery.start("ktm " + manager.identity() + " recovery");
        return coordinator;
    }

    /** As {@link #start}, but asks nobody for branches unless {@link #recoverNow} is called. */
    JtaCoordinator(ManagerHandle manager, Options options) throws KtmException {
        this.manager = manager;
        this.options = options;
        this.ordinaryTransaction = TransactionOptions.DEFAULT.withTimeout(options.defaultTimeout());
        var name = "ktm " + manager.identity();
        this.threads = new Threads(name);
        var reports = new RecoveryReports(options.reports());
        this.recovery = new XaRecovery(
                new Orphans(this::identity, manager.incarnation(), this::live, manager::addDamage, reports),
                reports,
                threads::elsewhere,
                options.recoveryInterval());
        this.lastResources =
                new LastResources(this::identity, manager.incarnation(), this::remembered, manager::forceLog, recovery);
        var durability = manager.isVolatile() ? ManagerHandle.Durability.VOLATILE : ManagerHandle.Durability.DURABLE;
        var xa = new XaResourceManager(
                manager.createResourceManager(XA_RESOURCES, "XA resources", durability),
                manager.isVolatile(),
                recovery,
                lastResources);
        xa.handle().setHandler(xa);
        xa.handle().recover();
        this.enlisting = new XaEnlisting(
                xa,
                recovery,
                lastResources,
                options.parallel() ? () -> new QueuedCalls(threads, options.callLimit()) : null);
        this.transactionManager = new JtaTransactionManager(this);
        this.userTransaction = new JtaUserTransaction(transactionManager);
        this.synchronizationRegistry = new JtaSynchronizationRegistry(transactionManager);
        this.terminator = new XaTerminator(
                this, manager, manager.createResourceManager(SUPERIORS, "superiors", durability), transactionManager);
    }

    private UUID identity() {
        try {
            return manager.identity();
        } catch (KtmException e) {
            throw new IllegalStateException(e);
        }
    }

    private Set<TransactionId> live() {
        // A branch of a transaction that is rolled back can only be rolled back, however long others keep it alive.
        return idsOf(transaction -> transaction.outcome() != Outcome.ABORTED);
    }

    /** Whose notes are still wanted: by those that have not ended, and by whoever compares what an operator has decided. */
    private Set<TransactionId> remembered() {
        var all = new HashSet<>(idsOf(transaction -> true));
        try {
            // Second: what ends meanwhile is among these.
            var decided = manager.operatorActs().stream()
                    .filter(act -> act.kind() == OperatorAct.Kind.COMMIT || act.kind() == OperatorAct.Kind.ROLL_BACK)
                    .map(OperatorAct::transaction)
                    .collect(Collectors.toSet());
            if (!decided.isEmpty()) {
                manager.damaged().stream()
                        .map(ManagerHandle.Damaged::transaction)
                        .filter(decided::contains)
                        .forEach(all::add);
            }
        } catch (KtmException e) {
            throw new IllegalStateException(e);
        }
        return all;
    }

    private Set<TransactionId> idsOf(Predicate<KtmTransaction> wanted) {
        try {
            return manager.live().stream()
                    .filter(wanted)
                    .map(KtmTransaction::id)
                    .flatMap(Optional::stream)
                    .collect(Collectors.toSet());
        } catch (KtmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The transaction manager as Jakarta Transactions knows it. */
    public TransactionManager transactionManager() {
        return transactionManager;
    }

    /** What an application begins and ends its transactions with. */
    public UserTransaction userTransaction() {
        return userTransaction;
    }

    /** For components that live inside a transaction. */
    public TransactionSynchronizationRegistry synchronizationRegistry() {
        return synchronizationRegistry;
    }

    /** For other transaction managers that decide transactions of this one; also an {@code XATerminator}. */
    public ExtendedJBossXATerminator xaTerminator() {
        return terminator;
    }

    /** This coordinator as a resource of another transaction manager. */
    public XAResource inflow() {
        return new InflowXaResource(this::identity, terminator, transactionManager);
    }

    /** Where those register that have branches to be recovered. */
    public XAResourceRecoveryRegistry recoveryRegistry() {
        return new XAResourceRecoveryRegistry() {
            @Override
            public void addXAResourceRecovery(XAResourceRecovery added) {
                recovery.registered().register(added);
            }

            @Override
            public void removeXAResourceRecovery(XAResourceRecovery removed) {
                recovery.registered().unregister(removed);
            }
        };
    }

    /** Registers a resource manager under a name that stays the same over restarts. */
    public void register(String name, XaResourceFactory factory) {
        recovery.registered().register(name, factory);
    }

    /** Who is asked for branches, by their names. */
    public List<String> registeredNames() {
        return List.copyOf(new TreeSet<>(recovery.registered().names()));
    }

    /** As {@link #register(String, XaResourceFactory)}: asks with a connection of its own each time. */
    public void register(String name, XADataSource dataSource) {
        recovery.registered().register(name, new DataSourceFactory(dataSource));
    }

    /** As {@link #registerLastResource(String, DataSource, String)}, with the table {@code ktm_decision}. */
    public void registerLastResource(String name, DataSource dataSource) {
        registerLastResource(name, dataSource, DecisionTableName.DEFAULT.text());
    }

    /** Registers a last resource: where its decisions are found again. */
    public void registerLastResource(String name, DataSource dataSource, String table) {
        registerLastResource(name, new DecisionTable(dataSource, new DecisionTableName(table)));
    }

    void registerLastResource(String name, Decisions decisions) {
        lastResources.register(name, decisions);
    }

    XaEnlisting enlisting() {
        return enlisting;
    }

    /** A resource that says under which registration it is found again. */
    public static XAResource named(String name, XAResource resource) {
        RecoverableResources.requireName(name);
        return new NamedResource(name, resource);
    }

    /** Takes a registration back; waits while its resource manager is being asked, for some seconds. */
    public void unregister(String name) {
        recovery.registered().unregister(name);
        lastResources.unregister(name);
    }

    /** Asks every registered resource manager for its branches now, on this thread, and finishes what can be finished. */
    public void recoverNow() {
        recovery.scanAll();
    }

    /**
     * A resource manager that is asked for its branches, and how that went.
     *
     * @param name under which it is registered; empty for those that nobody has registered
     * @param product what it is, as its product or its class is called; empty if nobody knows
     * @param isRegistered whether it is asked at all
     * @param lastAsked when it was last asked; empty before the first time
     * @param error what went wrong then; empty if it answered
     * @param pending how many branches wait to be finished there
     */
    public record RecoveryStatus(
            String name,
            String product,
            boolean isRegistered,
            Optional<Instant> lastAsked,
            String error,
            long pending) {}

    /** Who is asked for branches, and where branches wait though nobody can be asked. */
    public List<RecoveryStatus> recoveryStatus() {
        var pending = new TreeMap<>(recovery.pending());
        var all = new ArrayList<RecoveryStatus>();
        for (var each : recovery.registered().all()) {
            var asked = Optional.ofNullable(each.lastAsked);
            var waiting = pending.remove(each.name);
            all.add(new RecoveryStatus(
                    each.name,
                    each.product(null),
                    true,
                    asked.map(RecoverableResource.Asked::when),
                    asked.map(RecoverableResource.Asked::error).orElse(""),
                    waiting == null ? 0 : waiting));
        }
        pending.forEach((name, waiting) ->
                all.add(new RecoveryStatus(name, "", false, Optional.empty(), "nobody has registered it", waiting)));
        all.sort(Comparator.comparing(RecoveryStatus::name));
        return all;
    }

    /** Whether a resource manager only stands for those of XA, or for superiors. */
    public static boolean isStandIn(UUID resourceManager) {
        return resourceManager.equals(XA_RESOURCES) || resourceManager.equals(SUPERIORS);
    }

    XaRecovery recovery() {
        return recovery;
    }

    CallChain newChain() {
        return options.callLimit().isZero() ? CallChain.DIRECT : new QueuedCalls(threads, options.callLimit());
    }

    int defaultTimeoutSeconds() {
        return (int) Math.min(Integer.MAX_VALUE, (options.defaultTimeout().toMillis() + 999) / 1000);
    }

    JtaTransaction begin(Duration timeout, int timeoutSeconds, boolean readOnly) throws SystemException {
        try {
            var ordinary = timeout.equals(options.defaultTimeout()) && !readOnly;
            var handle = manager.createTransaction(
                    ordinary
                            ? ordinaryTransaction
                            : TransactionOptions.DEFAULT.withTimeout(timeout).withReadOnly(readOnly));
            return new JtaTransaction(this, handle, timeoutSeconds);
        } catch (KtmException e) {
            var failure = new SystemException("a transaction cannot begin: " + e.getMessage());
            failure.initCause(e);
            throw failure;
        }
    }

    Duration defaultTimeout() {
        return options.defaultTimeout();
    }

    /** Asks nobody for branches any more; what is being asked comes to its end, for which this does not wait. */
    public void stopRecovery() {
        recovery.close();
    }

    @Override
    public void close() {
        recovery.close();
        threads.close();
    }
}
