package dev.ktm.tm;

import dev.ktm.journal.Journal;
import dev.ktm.journal.JournalException;
import dev.ktm.journal.LogJournal;
import dev.ktm.log.Log;
import dev.ktm.log.LogCorruptException;
import dev.ktm.log.LogInUseException;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.ManagerRight;
import dev.ktm.rm.OutcomeReport;
import dev.ktm.rm.RollbackCause;
import dev.ktm.rm.TransactionId;
import dev.ktm.rm.TransactionRight;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The namespace in which transaction managers and transactions are found: what a machine's kernel is to KTM. Any number of them
 * live beside each other in one JVM and share nothing. Closing it closes every transaction manager and stops every thread.
 * Safe for many threads.
 */
public final class TransactionManagers implements AutoCloseable {

    /** The beginning of the names of threads that roll back what takes too long. */
    public static final String TIMEOUT_THREAD = "Transaction Reaper";

    /** How long a close waits for commits that have begun. */
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final UUID ZERO = new UUID(0, 0);

    private final LiveTransactions live = new LiveTransactions();
    private final Observers observers = new Observers();
    private final Map<UUID, Coordinator> managers = new ConcurrentHashMap<>();
    private final Map<String, Coordinator> logs = new ConcurrentHashMap<>();
    private final Map<UUID, CoreTransaction> named = new ConcurrentHashMap<>();
    private final ManagerLinks links = new ManagerLinks(this);
    private final ReentrantLock lock = new ReentrantLock();
    private final Executor workers;
    private final @Nullable Workers ownWorkers;
    private final Timeouts timeouts;
    private final long closeNanos;
    private final InstantSource wallClock;
    private final Consumer<OutcomeReport> reports;

    /** An empty one, which tells its logger of everything that is not as it should be. */
    public TransactionManagers() {
        this(report -> {});
    }

    /** An empty one. Reports go to the logger, and to this consumer, which must neither wait nor throw. */
    public TransactionManagers(Consumer<OutcomeReport> reports) {
        this.reports = reports;
        this.wallClock = InstantSource.system();
        this.closeNanos = CLOSE_NANOS;
        var own = Workers.platform(TIMEOUT_THREAD + " Worker ");
        this.ownWorkers = own;
        this.workers = own;
        // As many as there are transactions that cannot be rolled back: those that can be wait for none of them.
        this.timeouts = new Timeouts(live, System::nanoTime, own::elsewhere);
        this.timeouts.start(TIMEOUT_THREAD);
    }

    /** One whose time and threads are somebody else's; {@link #expire} has to be called, and closing waits for nobody. */
    TransactionManagers(
            Consumer<OutcomeReport> reports, LongSupplier nanoTime, InstantSource wallClock, Executor workers) {
        this.reports = reports;
        this.wallClock = wallClock;
        this.ownWorkers = null;
        this.closeNanos = 0;
        this.workers = workers;
        this.timeouts = new Timeouts(live, nanoTime, workers);
    }

    /** Rolls back what is due now. */
    void expire() {
        timeouts.expire();
    }

    LiveTransactions live() {
        return live;
    }

    long closeNanos() {
        return closeNanos;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    ManagerLinks links() {
        return links;
    }

    /** The transaction manager of this identity, if it is at work. */
    @Nullable
    Coordinator online(UUID identity) {
        return managers.values().stream()
                .filter(each -> each.identity().equals(identity) && each.state() == Coordinator.State.ONLINE)
                .findAny()
                .orElse(null);
    }

    /** The transaction of this unit of work at this transaction manager, if it has not ended. */
    @Nullable
    CoreTransaction live(UUID unitOfWork, Coordinator coordinator) {
        return find(unitOfWork)
                .filter(each -> each.coordinator() == coordinator)
                .orElse(null);
    }

    Executor workers() {
        return workers;
    }

    Instant now() {
        return wallClock.instant();
    }

    /** Has an observer told of every transaction that begins from now on, until what is returned is closed. */
    public TransactionObserver.Registration observe(TransactionObserver observer) {
        return observers.add(observer);
    }

    /** Sends a report to the logger and to the listener. */
    public void report(OutcomeReport report) {
        if (report.kind() == OutcomeReport.Kind.HEURISTIC) {
            countHeuristic(report);
        }
        var level = switch (report.kind()) {
            case HEURISTIC, OFFLINE -> System.Logger.Level.ERROR;
            case NOT_WRITTEN,
                    PINS_LOG,
                    PENDING,
                    IN_DOUBT,
                    TIMED_OUT,
                    PROTOCOL_ERROR,
                    RECOVERY_FAILED,
                    NOT_RECOVERABLE,
                    OPERATOR -> System.Logger.Level.WARNING;
            case REFUSED, ORPHAN -> System.Logger.Level.INFO;
        };
        System.getLogger("dev.ktm.reports").log(level, report::toString);
        try {
            reports.accept(report);
        } catch (RuntimeException | Error e) {
            // Whoever reports has more to do, timeouts and recovery above all.
            System.getLogger(TransactionManagers.class.getName())
                    .log(System.Logger.Level.WARNING, "the listener of reports failed", e);
        }
    }

    /**
     * Has something done once: by the first transaction that begins while a condition holds, before observers are told of it. A
     * transaction that begins asks for nothing more than that, so the condition must be quick, and neither may throw. What was said
     * before, and is not done yet, never is.
     */
    public void whenOneBegins(BooleanSupplier condition, Runnable action) {
        observers.await(condition, action);
    }

    private void countHeuristic(OutcomeReport report) {
        report.transaction()
                .map(TransactionId::manager)
                .ifPresent(identity -> managers.values().stream()
                        .filter(each -> each.identity().equals(identity))
                        .forEach(each -> each.counters().heuristic()));
    }

    // Transaction managers.

    /**
     * Creates a transaction manager, or opens the one whose log is there. One with a log has to be {@linkplain
     * ManagerHandle#recover recovered} before anything else.
     */
    public ManagerHandle create(ManagerOptions options) throws KtmException {
        options.check();
        if (options.volatileManager()) {
            return register(new Coordinator(this, options, null, null), Optional.empty());
        }
        Log log;
        try {
            log = options.device().isPresent()
                    ? Log.open(options.device().get(), options.logOptions())
                    : Log.open(options.logDirectory().get(), options.logOptions());
        } catch (LogInUseException e) {
            throw new KtmException(KtmError.NAME_COLLISION, String.valueOf(e.getMessage()), e);
        } catch (LogCorruptException e) {
            throw new KtmException(KtmError.LOG_CORRUPTION_DETECTED, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new KtmException(KtmError.TM_INITIALIZATION_FAILED, String.valueOf(e.getMessage()), e);
        }
        return create(options, log);
    }

    private ManagerHandle create(ManagerOptions options, Log log) throws KtmException {
        Journal journal = null;
        boolean done = false;
        try {
            journal = LogJournal.open(log);
            var expected = options.expectedIdentity();
            if (expected.isPresent() && !expected.get().equals(journal.manager())) {
                throw new KtmException(
                        KtmError.TRANSACTIONMANAGER_IDENTITY_MISMATCH,
                        "expected the log of transaction manager " + expected.get() + " in " + options.where()
                                + ", found that of " + journal.manager());
            }
            var handle = register(
                    new Coordinator(this, options, journal, log),
                    options.logDirectory()
                            .map(path -> path.toAbsolutePath().normalize().toString()));
            done = true;
            return handle;
        } catch (LogCorruptException | JournalException e) {
            throw new KtmException(KtmError.LOG_CORRUPTION_DETECTED, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new KtmException(KtmError.TM_INITIALIZATION_FAILED, String.valueOf(e.getMessage()), e);
        } finally {
            if (!done) {
                closeQuietly(journal);
                closeQuietly(log);
            }
        }
    }

    private static void closeQuietly(@Nullable AutoCloseable closing) {
        if (closing != null) {
            try {
                closing.close();
            } catch (Exception e) {
                System.getLogger(TransactionManagers.class.getName())
                        .log(System.Logger.Level.DEBUG, "a log that was not wanted could not be closed", e);
            }
        }
    }

    /** One over a journal that a test simulates. */
    ManagerHandle create(String name, Journal journal) throws KtmException {
        return register(
                new Coordinator(this, ManagerOptions.inMemory().withName(name), journal, null), Optional.empty());
    }

    private ManagerHandle register(Coordinator coordinator, Optional<String> log) throws KtmException {
        lock.lock();
        try {
            boolean taken = !coordinator.name().isEmpty()
                    && managers.values().stream().anyMatch(other -> other.name().equals(coordinator.name()));
            if (taken || managers.putIfAbsent(coordinator.identity(), coordinator) != null) {
                throw new KtmException(
                        KtmError.NAME_COLLISION,
                        "expected a name and an identity that no transaction manager has, found " + coordinator);
            }
            log.ifPresent(path -> logs.put(path, coordinator));
            timeouts.lookEvery(coordinator.pinLimitNanos());
        } finally {
            lock.unlock();
        }
        return new ManagerHandle(this, coordinator, ManagerRight.ALL);
    }

    /** Which transaction manager is wanted: exactly one of the three. */
    public record Query(Optional<String> name, Optional<Path> logDirectory, Optional<UUID> identity) {
        /** The one with this name. */
        public static Query byName(String name) {
            return new Query(Optional.of(name), Optional.empty(), Optional.empty());
        }

        /** The one with this log. */
        public static Query byLog(Path logDirectory) {
            return new Query(Optional.empty(), Optional.of(logDirectory), Optional.empty());
        }

        /** The one with this identity. */
        public static Query byIdentity(UUID identity) {
            return new Query(Optional.empty(), Optional.empty(), Optional.of(identity));
        }
    }

    /** Opens a transaction manager that is in this namespace. */
    public ManagerHandle open(Query query, ManagerRight... rights) throws KtmException {
        int given = (query.name().isPresent() ? 1 : 0)
                + (query.logDirectory().isPresent() ? 1 : 0)
                + (query.identity().isPresent() ? 1 : 0);
        if (given != 1) {
            throw TransactionOptions.invalid("exactly one of name, log and identity", given + " of them");
        }
        var wanted = Rights.of(ManagerRight.class, rights);
        var found = query.name()
                .flatMap(name -> managers.values().stream()
                        .filter(each -> each.name().equals(name))
                        .findAny())
                .or(() -> query.logDirectory()
                        .map(path -> logs.get(path.toAbsolutePath().normalize().toString())))
                .or(() -> query.identity()
                        .flatMap(identity -> managers.values().stream()
                                .filter(each -> each.identity().equals(identity))
                                .findAny()));
        return new ManagerHandle(
                this,
                found.orElseThrow(() -> new KtmException(
                        KtmError.TRANSACTIONMANAGER_NOT_FOUND,
                        "expected a transaction manager that is open, found none for " + query)),
                wanted);
    }

    /**
     * The identity of the next transaction manager behind this one, for enumerating all: begin with zero.
     *
     * @throws KtmException with {@link KtmError#NO_MORE_ENTRIES} behind the last
     */
    public UUID nextManager(UUID cursor) throws KtmException {
        return next(managers.values().stream().map(Coordinator::identity).toList(), cursor);
    }

    static UUID next(List<UUID> all, UUID cursor) throws KtmException {
        // Zero comes before everything, and UUIDs compare as they like: only that they always do the same counts.
        return all.stream()
                .filter(each -> cursor.equals(ZERO) || each.compareTo(cursor) > 0)
                .min(Comparator.naturalOrder())
                .orElseThrow(() ->
                        new KtmException(KtmError.NO_MORE_ENTRIES, "expected one behind " + cursor + ", found none"));
    }

    void renamed(Coordinator coordinator) {
        lock.lock();
        try {
            managers.values().remove(coordinator);
            managers.put(coordinator.identity(), coordinator);
        } finally {
            lock.unlock();
        }
    }

    void closed(Coordinator coordinator) {
        managers.values().remove(coordinator);
        logs.values().remove(coordinator);
    }

    // Transactions.

    /** Creates a transaction that is bound to the transaction manager of its first participant. */
    public TransactionHandle createTransaction(TransactionOptions options) throws KtmException {
        return createTransaction(null, options);
    }

    TransactionHandle createTransaction(@Nullable Coordinator coordinator, TransactionOptions options)
            throws KtmException {
        options.check();
        if (coordinator != null) {
            coordinator.requireOnline();
        }
        var transaction = new CoreTransaction(this, coordinator, options);
        if (options.unitOfWork().isPresent()) {
            var unit = options.unitOfWork().get();
            lock.lock();
            try {
                named.values().removeIf(CoreTransaction::isForgotten);
                if (named.containsKey(unit) || find(unit).isPresent()) {
                    throw new KtmException(
                            KtmError.NAME_COLLISION, "expected a unit of work that no transaction has, found " + unit);
                }
                named.put(unit, transaction);
            } finally {
                lock.unlock();
            }
        }
        transaction.begin(observers);
        live.add(transaction);
        transaction.opened();
        transaction.startTimer();
        return new TransactionHandle(transaction, TransactionRight.ALL);
    }

    private Optional<CoreTransaction> find(UUID unitOfWork) {
        return live.all().stream()
                .filter(each -> each.unitOfWork().equals(unitOfWork))
                .findAny();
    }

    CoreTransaction require(UUID unitOfWork, @Nullable Coordinator coordinator) throws KtmException {
        if (unitOfWork.equals(ZERO)) {
            throw TransactionOptions.invalid("a unit of work other than zero", unitOfWork.toString());
        }
        return find(unitOfWork)
                .filter(each -> coordinator == null || each.coordinator() == coordinator)
                .orElseThrow(() -> new KtmException(
                        KtmError.TRANSACTION_NOT_FOUND,
                        "expected a transaction that has not ended, found none with unit of work " + unitOfWork));
    }

    /** Opens a transaction of any transaction manager. */
    public TransactionHandle openTransaction(UUID unitOfWork, TransactionRight... rights) throws KtmException {
        return open(null, unitOfWork, rights);
    }

    TransactionHandle open(@Nullable Coordinator coordinator, UUID unitOfWork, TransactionRight... rights)
            throws KtmException {
        var wanted = Rights.of(TransactionRight.class, rights);
        var found = require(unitOfWork, coordinator);
        found.opened();
        return new TransactionHandle(found, wanted);
    }

    /** The units of work of all transactions that have not ended. */
    public List<UUID> transactions() {
        return live.all().stream().map(CoreTransaction::unitOfWork).toList();
    }

    /**
     * Closes every transaction manager, and stops every thread: waits some seconds for what these are at, then interrupts them.
     */
    @Override
    public void close() {
        for (var coordinator : new ArrayList<>(managers.values())) {
            coordinator.close();
            closed(coordinator);
        }
        for (var transaction : live.all()) {
            transaction.abort(RollbackCause.CLOSED, null);
        }
        timeouts.stop();
        var own = ownWorkers;
        if (own != null) {
            own.close();
        }
    }

    /** Sets of rights. */
    static final class Rights {
        private Rights() {}

        static <R extends Enum<R>> Set<R> of(Class<R> type, R[] rights) throws KtmException {
            if (rights.length == 0) {
                throw TransactionOptions.invalid("at least one right", "none");
            }
            var all = EnumSet.noneOf(type);
            all.addAll(Arrays.asList(rights));
            return all;
        }

        static <R extends Enum<R>> void require(Set<R> granted, R needed, String what) throws KtmException {
            if (!granted.contains(needed)) {
                throw new KtmException(
                        KtmError.ACCESS_DENIED, "expected " + needed + " of " + what + ", found " + granted);
            }
        }
    }
}
