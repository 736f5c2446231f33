package dev.ktm.redo;

import dev.ktm.log.LogClient;
import dev.ktm.log.LogException;
import dev.ktm.log.LogFullException;
import dev.ktm.log.LogStats;
import dev.ktm.log.LogStream;
import dev.ktm.log.Lsn;
import dev.ktm.log.Reservation;
import dev.ktm.log.StreamAccess;
import dev.ktm.log.StreamMode;
import dev.ktm.rm.EnlistmentRight;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationEvent;
import dev.ktm.rm.NotificationHandler;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.ResourceManager;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.ManagerHandle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A resource manager whose data is a {@link RedoStore}: takes part in transactions, votes with redo in the coordinator's log, and
 * finishes after a crash what was decided. Follows the obligations of KTM's resource managers: what is prepared keeps its locks
 * until the outcome is known, and what no recovery mentions is rolled back. Safe for many threads.
 */
public final class RedoResourceManager implements AutoCloseable {

    private static final NotificationMask MASK = NotificationMask.of(
            Notification.PREPREPARE,
            Notification.PREPARE,
            Notification.COMMIT,
            Notification.ROLLBACK,
            Notification.SINGLE_PHASE_COMMIT);

    private static final long RETRY_MILLIS = 1000;
    /** How often a store is asked for a checkpoint by a full log. */
    private static final int ATTEMPTS = 3;

    private final ManagerHandle manager;
    private final RedoStore store;
    private final RedoLog log;
    private final ResourceManager handle;
    private final ScheduledExecutorService housekeeper;
    private final AtomicBoolean tidying = new AtomicBoolean();
    /** Held by what is being committed; closing waits for that. */
    private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();

    private final ReentrantLock tidyLock = new ReentrantLock();
    private final RedoLog.Relief relief = new RedoLog.Relief() {
        @Override
        public void tidy() {
            tidyNow();
        }

        @Override
        public boolean giveUp() {
            return giveUpOldest();
        }
    };

    /** Those that have not ended, by the id of their enlistment. */
    private final Map<UUID, RedoEntry> entries = new ConcurrentHashMap<>();

    /** Whether something decided found no room in the log. */
    private volatile boolean full;

    /** Whether the store has everything, and can make a checkpoint. */
    private volatile boolean restored;

    /** What the coordinator had decided to commit when it was last asked to recover. */
    private volatile Set<UUID> decided = Set.of();

    private volatile boolean closed;

    private RedoResourceManager(
            ManagerHandle manager, RedoStore store, RedoLog log, ResourceManager handle, String label) {
        this.manager = manager;
        this.store = store;
        this.log = log;
        this.handle = handle;
        this.housekeeper = Executors.newSingleThreadScheduledExecutor(task -> {
            var thread = new Thread(task, "ktm " + label);
            thread.setDaemon(true);
            // The class loader of whoever opened this first is not to be kept by it.
            thread.setContextClassLoader(RedoResourceManager.class.getClassLoader());
            return thread;
        });
    }

    /**
     * Opens a resource manager over a store: brings the store up to what the log says, takes up what is in doubt, and finishes
     * what is decided.
     *
     * @param kind what kind of store it is, and
     * @param name the name by which it is found again: together they name the stream of the log
     * @throws KtmException with {@link KtmError#TM_VOLATILE} if the coordinator has no log, with {@link KtmError#NAME_COLLISION}
     *     if it is open already
     * @throws IOException if the log or the store cannot be read
     */
    public static RedoResourceManager open(ManagerHandle manager, String kind, String name, RedoStore store)
            throws IOException, KtmException {
        var label = kind + "." + name;
        var log = manager.log()
                .orElseThrow(() -> new KtmException(
                        KtmError.TM_VOLATILE,
                        "expected a coordinator with a log for " + label + ", found one without"));
        var id = UUID.nameUUIDFromBytes(label.getBytes(StandardCharsets.UTF_8));
        if (manager.resourceManagers().contains(id)) {
            throw new KtmException(
                    KtmError.NAME_COLLISION, "expected " + label + " not to be open, found it open: close it first");
        }
        var stream = log.openStream(
                label, StreamMode.OPEN_ALWAYS, EnumSet.allOf(StreamAccess.class), Set.<StreamAccess>of());
        try {
            var redo = new RedoLog(log, stream);
            var undecided = redo.replay(store);
            var handle = manager.createResourceManager(id, shortened(label), ManagerHandle.Durability.DURABLE);
            var opened = new RedoResourceManager(manager, store, redo, handle, label);
            opened.start(undecided, stream);
            return opened;
        } catch (IOException | KtmException | RuntimeException | Error e) {
            stream.close();
            throw e;
        }
    }

    /**
     * Throws away whatever the log has of a store that cannot be opened any more: what was committed and is not in the store's own
     * files, and what is in doubt. Only while it is not open.
     *
     * @param told is shown all of it before that, in the order of {@link RedoStore}, as far as it can be read; what it throws
     *     changes nothing
     */
    public static void discard(ManagerHandle manager, String kind, String name, RedoStore told)
            throws IOException, KtmException {
        var label = kind + "." + name;
        var log = manager.log()
                .orElseThrow(() -> new KtmException(
                        KtmError.TM_VOLATILE,
                        "expected a coordinator with a log for " + label + ", found one without"));
        try (var stream = log.openStream(
                label, StreamMode.OPEN_ALWAYS, EnumSet.allOf(StreamAccess.class), Set.<StreamAccess>of())) {
            try {
                new RedoLog(log, stream).replay(told);
            } catch (IOException | RuntimeException e) {
                System.getLogger(RedoResourceManager.class.getName())
                        .log(System.Logger.Level.WARNING, "what is thrown away of " + label + " cannot all be read", e);
            }
            stream.clear();
        }
    }

    private static String shortened(String label) {
        return label.length() <= 64 ? label : label.substring(0, 64);
    }

    private void start(Iterable<RedoEntry> undecided, LogStream stream) throws IOException, KtmException {
        try {
            for (var entry : undecided) {
                try {
                    log.reserveEnd(entry);
                } catch (LogFullException e) {
                    // Then its end has to fit without.
                    System.getLogger(RedoResourceManager.class.getName())
                            .log(System.Logger.Level.WARNING, "no space is kept for the end of " + entry.unitOfWork, e);
                }
                entries.put(entry.id(), entry);
            }
            stream.registerClient(new Client());
            handle.setHandler(new Handler());
            // Whatever is decided comes to its end in here.
            recover();
            store.restored();
            restored = true;
        } catch (IOException | KtmException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * To be called once the store can make checkpoints. If the log is crowded with what earlier lives have left, which may have been
     * too short to leave it behind, that is left behind before there is anything new; what is decided and has found no room for its
     * end is finished.
     */
    public void opened() throws IOException, KtmException {
        if (log.isCrowded()) {
            for (int attempt = 0; attempt < ATTEMPTS && log.isCrowded(); attempt++) {
                tidy();
                leaveBehind(Long.MAX_VALUE);
            }
        }
        var committed = committed();
        if (entries.values().stream()
                .anyMatch(entry -> entry.stage() == RedoEntry.Stage.PREPARED && committed.contains(entry.unitOfWork))) {
            recover();
        }
    }

    /** Asks the coordinator what became of what is prepared. */
    private void recover() throws KtmException {
        decided = committed();
        handle.recover();
    }

    private Set<UUID> committed() throws KtmException {
        return manager.live().stream()
                .filter(each -> each.outcome() == Outcome.COMMITTED)
                .map(KtmTransaction::unitOfWork)
                .collect(Collectors.toSet());
    }

    // Work.

    /** A transaction's part in this resource manager. */
    public static final class Part {
        private final RedoEntry entry;

        private Part(RedoEntry entry) {
            this.entry = entry;
        }

        /** The id of its transaction. */
        public UUID unitOfWork() {
            return entry.unitOfWork;
        }

        /** Whether the resource manager decides, or has decided, for itself only: in one phase. */
        public boolean isAlone() {
            return entry.isAlone();
        }

        /** Rolls the transaction back, for this reason; does nothing if it has ended. */
        public void rollback(Throwable why) {
            try {
                entry.enlistment().rollback(why);
            } catch (KtmException e) {
                System.getLogger(RedoResourceManager.class.getName())
                        .log(System.Logger.Level.DEBUG, "there is nothing to roll back", e);
            }
        }
    }

    /**
     * Has work take part in a transaction.
     *
     * @param unitOfWork the id of the transaction
     * @throws KtmException if it takes no more participants
     */
    public Part enlist(UUID unitOfWork, RedoWork work) throws KtmException {
        var entry = new RedoEntry(unitOfWork, work);
        var enlistment = handle.enlist(unitOfWork, MASK, entry);
        entry.answersThrough(enlistment.id(), enlistment);
        entries.put(entry.id(), entry);
        if (entry.stage() == RedoEntry.Stage.ROLLED_BACK) {
            // It came meanwhile.
            entries.remove(entry.id());
            throw new KtmException(
                    KtmError.TRANSACTION_NOT_ACTIVE,
                    "expected an active transaction, found one that was rolled back: " + unitOfWork);
        }
        return new Part(entry);
    }

    /** What the coordinator tells. */
    private final class Handler implements NotificationHandler {

        @Override
        public Result handle(NotificationEvent event) throws Exception {
            switch (event.notification()) {
                case RECOVER -> {
                    recover(event.recovered().orElseThrow());
                    return Result.PENDING;
                }
                case LAST_RECOVER -> {
                    presumeAbort();
                    return Result.SUCCESS;
                }
                default -> {
                    return handle(event.notification(), event.key(), event.clock());
                }
            }
        }

        @Override
        public Result handle(Notification notification, @Nullable Object key, long clock) throws Exception {
            if (!(key instanceof RedoEntry entry)) {
                return Result.SUCCESS;
            }
            switch (notification) {
                case PREPREPARE -> releaseUnlessChanged(entry);
                case PREPARE -> prepare(entry);
                case COMMIT -> commit(entry);
                case SINGLE_PHASE_COMMIT -> commitAlone(entry);
                case ROLLBACK -> rollback(entry);
                default -> {
                    return Result.SUCCESS;
                }
            }
            return Result.SUCCESS;
        }
    }

    private void releaseUnlessChanged(RedoEntry entry) throws KtmException {
        if (!entry.work.hasChanges() && entry.moves(RedoEntry.Stage.ACTIVE, RedoEntry.Stage.RELEASED)) {
            entry.enlistment().readOnly();
            ended(entry, entry.work::released);
        }
    }

    private void prepare(RedoEntry entry) throws Exception {
        if (entry.stage() != RedoEntry.Stage.ACTIVE) {
            // It has left.
            return;
        }
        try {
            log.prepare(entry, entry.work.prepare(), relief);
        } catch (Exception | Error e) {
            // The answer is no, whoever gives it; if nobody tells us so, it is rolled back here all the same.
            rollback(entry);
            throw e;
        }
        if (!entry.moves(RedoEntry.Stage.ACTIVE, RedoEntry.Stage.PREPARED)) {
            throw new IllegalStateException("expected an active transaction, found " + entry.stage());
        }
    }

    private void commit(RedoEntry entry) throws LogException {
        closing.readLock().lock();
        try {
            requireOpen();
            if (entry.moves(RedoEntry.Stage.PREPARED, RedoEntry.Stage.COMMITTED)) {
                try {
                    log.commit(entry);
                } catch (LogException e) {
                    // It stays decided, and is told again.
                    entry.moves(RedoEntry.Stage.COMMITTED, RedoEntry.Stage.PREPARED);
                    full = e instanceof LogFullException || full;
                    recoverLater();
                    throw e;
                }
                ended(entry, () -> {});
                tidyIfDue();
            }
        } finally {
            closing.readLock().unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("expected a resource manager that is open, found it closed");
        }
    }

    /** Has the coordinator tell again what could not be done. */
    private void recoverLater() {
        try {
            var unused = housekeeper.schedule(this::recoverAgain, RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // It is being closed; the next start asks.
        }
    }

    private void recoverAgain() {
        if (full) {
            // An earlier life may have filled the log; what it had reserved ended with it.
            full = false;
            tidyNow();
        }
        try {
            recover();
        } catch (KtmException | RuntimeException e) {
            System.getLogger(RedoResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, "there is nobody to ask", e);
        }
    }

    /** Decides for itself. Until the record of its commit is appended it may say no. */
    private void commitAlone(RedoEntry entry) throws LogException {
        closing.readLock().lock();
        try {
            requireOpen();
            long lsn;
            entry.decidesAlone();
            try {
                var redo = preparedAlone(entry);
                lsn = redo.isEmpty() ? log.appendAlone(entry) : log.appendWhole(redo, relief);
            } catch (Exception | Error e) {
                rollback(entry);
                refuse(entry, e);
                return;
            }
            entry.moves(RedoEntry.Stage.PREPARED, RedoEntry.Stage.COMMITTED);
            log.commitAlone(entry, lsn);
            ended(entry, () -> {});
            tidyIfDue();
        } finally {
            closing.readLock().unlock();
        }
    }

    private static void refuse(RedoEntry entry, Throwable why) {
        try {
            entry.enlistment().rollback(why);
        } catch (KtmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Prepares it; says what is to be logged together with its commit, or nothing if its redo is in the log already. */
    private List<ByteBuffer> preparedAlone(RedoEntry entry) throws Exception {
        if (entry.stage() != RedoEntry.Stage.ACTIVE) {
            return List.of();
        }
        List<ByteBuffer> redo;
        try {
            redo = entry.work.prepare();
            if (!log.fitsIntoOne(redo)) {
                log.prepare(entry, redo, relief);
                redo = List.of();
            }
        } catch (Exception | Error e) {
            rollback(entry);
            throw e;
        }
        if (!entry.moves(RedoEntry.Stage.ACTIVE, RedoEntry.Stage.PREPARED)) {
            throw new IllegalStateException("expected an active transaction, found " + entry.stage());
        }
        return redo;
    }

    private void rollback(RedoEntry entry) {
        if (entry.moves(RedoEntry.Stage.ACTIVE, RedoEntry.Stage.ROLLED_BACK)
                || entry.moves(RedoEntry.Stage.PREPARED, RedoEntry.Stage.ROLLED_BACK)) {
            ended(entry, () -> {
                log.rolledBack(entry);
                entry.work.rolledBack();
            });
        }
    }

    private void ended(RedoEntry entry, Runnable last) {
        last.run();
        if (entry.isIdentified()) {
            entries.remove(entry.id());
        }
        entry.end();
    }

    // Recovery.

    private void recover(NotificationEvent.Recovered recovered) throws KtmException {
        var enlistment =
                handle.openEnlistment(recovered.enlistment(), EnlistmentRight.ALL.toArray(EnlistmentRight[]::new));
        var entry = entries.get(recovered.enlistment());
        if (entry == null) {
            // Ended here, and the coordinator has not heard of it.
            enlistment.recover(null);
            return;
        }
        entry.answersThrough(recovered.enlistment(), enlistment);
        if (decided.contains(recovered.unitOfWork())) {
            entry.work.decided();
        }
        enlistment.recover(entry);
    }

    /** What was prepared and not mentioned was never decided. */
    private void presumeAbort() {
        for (var entry : List.copyOf(entries.values())) {
            if (entry.stage() == RedoEntry.Stage.PREPARED && !entry.isAnswerable()) {
                rollback(entry);
            }
        }
    }

    /** The transactions that are prepared, and whose outcome is not known here. */
    public List<UUID> inDoubt() {
        return entries.values().stream()
                .filter(entry -> entry.stage() == RedoEntry.Stage.PREPARED)
                .map(entry -> entry.unitOfWork)
                .toList();
    }

    // Outside of transactions.

    /** The largest note there can be, in bytes: what is larger needs a transaction. */
    public int maxNoteBytes() throws LogException {
        return log.maxNoteBytes();
    }

    /**
     * Logs something that belongs to no transaction, and then shows it; durable with whatever is forced next.
     *
     * @param show is told where it stands, under the lock that orders commits
     */
    public void note(ByteBuffer note, LongConsumer show) throws LogException {
        log.note(note, show, relief);
        tidyIfDue();
    }

    /** Keeps space for a note, so that it can be logged whatever else is; to be closed. */
    public Reservation reserve(ByteBuffer note) throws LogException {
        return log.reserve(note, relief);
    }

    /** As {@link #note(ByteBuffer, LongConsumer)}, in space that was kept for this note. */
    public void note(Reservation space, ByteBuffer note, LongConsumer show) throws LogException {
        log.note(space, note, show);
        tidyIfDue();
    }

    /** As {@link #note(ByteBuffer, LongConsumer)}, and durable before it is shown. */
    public void noteForced(ByteBuffer note, LongConsumer show) throws LogException {
        log.noteForced(note, show, relief);
        tidyIfDue();
    }

    // Checkpoints.

    /**
     * Looks at the store at a moment at which it shows every commit and note up to an LSN. Some beyond it may be shown, too, if one
     * before them is still being forced: they are told again after a crash.
     *
     * @param seen is told the LSN; called under the lock that orders commits
     */
    public <T> T at(LongFunction<T> seen) {
        return log.at(seen);
    }

    /**
     * The store has in durable files of its own whatever was committed or noted up to this LSN: the log need not keep it.
     *
     * @param data what {@link RedoStore#restore} gets; small
     */
    public void checkpoint(long covered, ByteBuffer data) throws LogException {
        tidyLock.lock();
        try {
            log.checkpoint(covered, data);
        } finally {
            tidyLock.unlock();
        }
    }

    /**
     * The store is another than the one in which an earlier life has prepared what is in doubt, which brings about nothing therefore.
     * Only until there is anything new; durable with the next {@link #checkpoint}.
     */
    public void dropRedo() {
        log.dropRedo(entries.values());
    }

    /** Whether no transaction takes part that has not ended. */
    public boolean isIdle() {
        return entries.isEmpty();
    }

    /**
     * The store has everything in durable files of its own and is about to be closed for good: the log keeps nothing of it, and
     * whoever opens it again finds an empty stream. Only when no transaction takes part in it.
     */
    public void forget() throws LogException {
        tidyLock.lock();
        try {
            log.clear();
        } finally {
            tidyLock.unlock();
        }
    }

    /** In a log that stays full: rolls back the oldest transaction in doubt, if the store would have it so. */
    private boolean giveUpOldest() {
        try {
            if (!store.prefersAvailability() || !manager.giveUpOldest(inDoubt())) {
                return false;
            }
        } catch (KtmException e) {
            System.getLogger(RedoResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, "a coordinator that is being closed gives up nothing", e);
            return false;
        }
        tidyLock.lock();
        try {
            // Nothing is carried forward: that would take the room again.
            store.tidy();
        } catch (IOException | RuntimeException e) {
            System.getLogger(RedoResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, "no checkpoint: " + e.getMessage(), e);
        } finally {
            tidyLock.unlock();
        }
        return true;
    }

    /** How often something did not fit into the log at first since this was opened. */
    public long fullConditions() {
        return log.fullConditions();
    }

    /** How large the log is, and what is free of it. */
    public LogStats logStats() throws LogException {
        return log.stats();
    }

    /** Has the store make a checkpoint now. */
    public void tidy() throws IOException {
        tidyLock.lock();
        try {
            // First: a checkpoint has room also in a full log.
            store.tidy();
            log.carryForward();
        } finally {
            tidyLock.unlock();
        }
    }

    /** Moves on although nothing has happened here for long, because others need the room. */
    private void leaveBehind(long target) throws IOException {
        tidyLock.lock();
        try {
            log.carryForward(target);
            log.leaveBehind(target);
        } finally {
            tidyLock.unlock();
        }
    }

    private void tidyNow() {
        try {
            tidy();
        } catch (IOException | RuntimeException e) {
            System.getLogger(RedoResourceManager.class.getName())
                    .log(System.Logger.Level.WARNING, "no checkpoint: " + e.getMessage(), e);
        }
    }

    private void tidyIfDue() {
        try {
            if (restored && log.isTidyDue()) {
                tidySoon();
            }
        } catch (LogException e) {
            System.getLogger(RedoResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, "the log cannot be asked how large it is", e);
        }
    }

    /** Has the store make a checkpoint on a thread of its own. */
    public void tidySoon() {
        if (tidying.compareAndSet(false, true)) {
            execute(() -> {
                tidying.set(false);
                tidyNow();
                askOthers();
            });
        }
    }

    private void askOthers() {
        try {
            log.askOthers();
        } catch (LogException e) {
            System.getLogger(RedoResourceManager.class.getName())
                    .log(System.Logger.Level.DEBUG, "others cannot be asked for room", e);
        }
    }

    private void execute(Runnable task) {
        try {
            housekeeper.execute(task);
        } catch (RejectedExecutionException e) {
            // It is being closed.
            tidying.set(false);
        }
    }

    /** Asked by a full log. */
    private final class Client implements LogClient {

        @Override
        public void advanceTail(LogStream asked, long target) {
            execute(() -> {
                try {
                    // A store may keep what came after the checkpoint before its last.
                    for (int attempt = 0; attempt < ATTEMPTS && asked.base() < target; attempt++) {
                        tidy();
                        leaveBehind(target);
                    }
                    if (asked.base() < target) {
                        asked.cannotAdvance("what is needed begins at " + Lsn.toString(asked.base()));
                    }
                } catch (IOException | RuntimeException | Error e) {
                    refuse(asked, e);
                }
            });
        }

        /** Whoever does not answer is never asked again. */
        private void refuse(LogStream asked, Throwable why) {
            try {
                asked.cannotAdvance(String.valueOf(why.getMessage()));
            } catch (LogException e) {
                e.addSuppressed(why);
                System.getLogger(RedoResourceManager.class.getName())
                        .log(System.Logger.Level.DEBUG, "a log that is being closed needs no answer", e);
            }
        }
    }

    /**
     * Rolls back what is active, waits for what is being committed, and lets go of the log. What is prepared stays so, and is taken up when it is opened again.
     * Closing twice is harmless.
     */
    @Override
    public void close() {
        handle.close();
        closing.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            closing.writeLock().unlock();
        }
        housekeeper.shutdownNow();
        awaitHousekeeper();
        entries.values().forEach(RedoEntry::end);
        log.close();
    }

    private void awaitHousekeeper() {
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = housekeeper.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
