package dev.ktm.file;

import dev.ktm.Ktm;
import dev.ktm.redo.RedoResourceManager;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.SystemException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.transaction.xa.XAResource;

/**
 * Files that change by transactions: a directory, and everything below it, as a {@link FileSystem}. In a transaction its changes are
 * seen by itself alone until it commits; then everybody sees all of them. Outside of transactions what is committed is seen, and
 * changes happen at once.
 *
 * <pre>{@code
 * try (var files = TransactedFiles.open(ktm, "settings", Path.of("/srv/settings"))) {
 *     var settings = files.fileSystem().getPath("/app.conf");
 *     ktm.userTransaction().begin();
 *     Files.writeString(settings, "level=debug");
 *     ktm.userTransaction().commit();
 * }
 * }</pre>
 *
 * <p>Follows Transactional NTFS (TxF). Whoever goes past it, with paths of the ordinary file system, is not kept from anything; that is
 * noticed by number, size and time, and what is noticed is never overwritten in silence. Safe for many threads.
 */
public final class TransactedFiles implements AutoCloseable {

    /** What kind of store it is, for the log. */
    static final String KIND = "files";

    /** One for all, so that copies and moves between two roots come to us. */
    private static final TransactedProvider PROVIDER = new TransactedProvider();

    private final Ktm ktm;
    private final ManagedRoot root;
    private final Closeable ownership;
    private final RedoResourceManager resourceManager;
    private final PlainOperations plain;
    /** What operators see of it, taken back. */
    private volatile Runnable withdrawal = () -> {};

    private TransactedFiles(Ktm ktm, ManagedRoot root, Closeable ownership, RedoResourceManager resourceManager) {
        this.ktm = ktm;
        this.root = root;
        this.ownership = ownership;
        this.resourceManager = resourceManager;
        this.plain = new PlainOperations(root);
    }

    /** As {@link #open(Ktm, String, Path, FileOptions)}, with what most want. */
    public static TransactedFiles open(Ktm ktm, String name, Path directory) throws IOException {
        return open(ktm, name, directory, FileOptions.defaults());
    }

    /**
     * Opens the files below a directory: what was committed before a crash is in its place when this returns, and what is in doubt is
     * locked.
     *
     * @param ktm whose transactions they take part in; must have a log
     * @param name the name by which the directory is found again in the log; always the same for it
     * @param directory the root; it exists, on a file system of this machine
     * @throws TxfException with {@link TxfError#RM_ALREADY_STARTED} if it is open, here or elsewhere, with {@link
     *     TxfError#TRANSACTIONS_UNSUPPORTED_REMOTE} if it lies where a rename is not atomic or cannot be made durable, with {@link
     *     TxfError#RM_METADATA_CORRUPT} if it belongs to another coordinator or name, or is a copy
     */
    public static TransactedFiles open(Ktm ktm, String name, Path directory, FileOptions options) throws IOException {
        var ownership = RootOwnership.take(ktm, name, directory, options.resetWhenDamaged());
        var disk = new RealDisk(ownership.root());
        Closeable both = () -> {
            try (ownership) {
                disk.close();
            }
        };
        try {
            var opened = open(ktm, name, both, ManagedRoot.Surroundings.real(disk), options);
            opened.show(name, ownership.root());
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            both.close();
            throw e;
        }
    }

    static TransactedFiles open(
            Ktm ktm, String name, Closeable ownership, ManagedRoot.Surroundings surroundings, FileOptions options)
            throws IOException {
        try {
            try {
                return begin(ktm, name, ownership, surroundings, options);
            } catch (TxfException e) {
                if (e.error() != TxfError.RM_METADATA_CORRUPT || !options.resetWhenDamaged()) {
                    throw e;
                }
                new Reset(surroundings.disk()).run(ktm.manager(), name, e);
                return begin(ktm, name, ownership, surroundings, options);
            }
        } catch (KtmException e) {
            throw new TxfException(
                    switch (e.error()) {
                        case NAME_COLLISION -> TxfError.RM_ALREADY_STARTED;
                        default -> TxfError.RM_NOT_ACTIVE;
                    },
                    name,
                    "expected a file manager that can be opened: " + e.getMessage(),
                    e);
        }
    }

    private static TransactedFiles begin(
            Ktm ktm, String name, Closeable ownership, ManagedRoot.Surroundings surroundings, FileOptions options)
            throws IOException, KtmException {
        var root = new ManagedRoot(surroundings, options);
        root.prepareDirectories();
        var resourceManager = RedoResourceManager.open(ktm.manager(), KIND, name, root);
        root.opened(resourceManager);
        // What was done again is forced before there is anything new: so only one life's versions of a file can be
        // found.
        root.settle();
        resourceManager.opened();
        return new TransactedFiles(ktm, root, ownership, resourceManager);
    }

    /** Has operators see it. */
    private void show(String name, Path directory) {
        var added = new FilesArea(this, ktm.operations(), name, directory);
        ktm.operations().contribute(FilesArea.NAME, name, added);
        withdrawal = () -> ktm.operations().withdraw(FilesArea.NAME, name, added);
    }

    /** The files as the thread's transaction sees them; outside of transactions, as everybody does. */
    public FileSystem fileSystem() {
        return new TransactedFileSystem(PROVIDER, root, "the thread's transaction sees them", this::ofThread);
    }

    private Operations ofThread() throws IOException {
        try {
            return ktm.transactionManager().getTransaction() instanceof KtmTransaction current
                    ? root.work(current.unitOfWork())
                    : plain;
        } catch (SystemException e) {
            throw new IOException(e);
        }
    }

    /** The files as this transaction sees them, whichever thread asks. */
    public FileSystem fileSystem(KtmTransaction transaction) {
        var unitOfWork = transaction.unitOfWork();
        return new TransactedFileSystem(PROVIDER, root, unitOfWork, () -> root.work(unitOfWork));
    }

    /** The files as they are seen outside of transactions, also by a thread that is in one. */
    public FileSystem plainFileSystem() {
        return new TransactedFileSystem(PROVIDER, root, "they are outside of transactions", () -> plain);
    }

    /**
     * For another transaction manager that is to decide about these files: see {@link Ktm#xaResource}.
     */
    public XAResource xaResource() {
        return ktm.xaResource();
    }

    // What only transacted files have.

    /** What a transaction can return to. */
    public static final class Savepoint {
        private final FileWork work;
        private final long id;

        private Savepoint(FileWork work, long id) {
            this.work = work;
            this.id = id;
        }

        /**
         * Undoes what the transaction has done here since; later savepoints go with it, this one stays. Other resource managers are
         * not concerned.
         *
         * @throws TxfException with {@link TxfError#NO_SAVEPOINT_WITH_OPEN_FILES} if the transaction has a file open, with {@link
         *     TxfError#OBJECT_NO_LONGER_EXISTS} if the savepoint has gone
         */
        public void rollback() throws IOException {
            work.rollbackTo(id);
        }
    }

    /**
     * Sets a savepoint in the thread's transaction.
     *
     * @throws TxfException with {@link TxfError#NO_SAVEPOINT_WITH_OPEN_FILES} if the transaction has a file open
     */
    public Savepoint setSavepoint() throws IOException {
        var work = requireWork();
        return new Savepoint(work, work.setSavepoint());
    }

    /** Forgets the latest savepoint of the thread's transaction. */
    public void clearSavepoint() throws IOException {
        requireWork().clearSavepoint();
    }

    /** Forgets all savepoints of the thread's transaction. */
    public void clearSavepoints() throws IOException {
        requireWork().clearSavepoints();
    }

    private FileWork requireWork() throws IOException {
        if (ofThread() instanceof FileWork work) {
            return work;
        }
        throw new TxfException(TxfError.INVALID_TRANSACTION, null, "expected a transaction on this thread, found none");
    }

    /**
     * Keeps what a file holds now, for as long as the thread's transaction lasts; it is opened again with the result as an option.
     *
     * @param channel one that the transaction writes with
     */
    public Version createMiniversion(FileChannel channel) throws IOException {
        return new Version(requireWork().createMiniversion(requireManaged(channel)));
    }

    private static ManagedChannel requireManaged(FileChannel channel) throws TxfException {
        if (channel instanceof ManagedChannel managed) {
            return managed;
        }
        throw new TxfException(
                TxfError.OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
                null,
                "expected a channel of this file manager, found another");
    }

    /** What is known of an open file: whether there was one before, and which version its reader sees. */
    public OpenedFile opened(FileChannel channel) throws TxfException {
        return requireManaged(channel).source().opened();
    }

    /** The transactions that are prepared, and whose outcome is not known here: their files are locked. */
    public List<UUID> inDoubt() {
        return resourceManager.inDoubt();
    }

    /** The transactions that have worked here and not ended. */
    List<UUID> atWork() {
        return List.copyOf(root.works().keySet());
    }

    /** What a transaction has changed here; nothing if it takes no part. */
    public List<LockedFile> lockedFiles(UUID unitOfWork) throws IOException {
        var work = root.works().get(unitOfWork);
        return work == null ? List.of() : work.locked();
    }

    /** Whose change a file belongs to; empty if to nobody's. */
    public Optional<FileOwner> owner(Path path) throws IOException {
        if (!(path instanceof TransactedPath own) || own.fileSystem().root() != root) {
            throw new TxfException(
                    TxfError.DIRECTORY_NOT_RM, path.toString(), "expected a path of this file manager, found another");
        }
        var unitOfWork = root.locks().changedBy(own.fileSystem().resolve(plain, own, false));
        var work = unitOfWork == null ? null : root.works().get(unitOfWork);
        return work == null ? Optional.empty() : Optional.of(new FileOwner(work.unitOfWork(), work.isPrepared()));
    }

    /**
     * What has been done since it was opened, what is being done, and how the log stands.
     *
     * @throws IOException if the log is closed
     */
    public FileStatistics statistics() throws IOException {
        return root.statistics();
    }

    /** How it behaves now. */
    public FileSettings settings() {
        return root.settings();
    }

    /** Behaves like this from now on, also after a restart. */
    public void change(FileSettings settings) throws IOException {
        root.change(settings, true);
    }

    /** Behaves like this until it is closed; then as before. */
    public void changeUntilClosed(FileSettings settings) throws IOException {
        root.change(settings, false);
    }

    /** Has everything that is committed forced into its place now, rather than when the log needs it. */
    public void settle() throws IOException {
        root.settle();
    }

    /**
     * Closes it, unless that would leave something undecided.
     *
     * @throws TxfException with {@link TxfError#INDOUBT_TRANSACTIONS_EXIST}
     */
    public void stop() throws TxfException {
        var inDoubt = inDoubt();
        if (!inDoubt.isEmpty()) {
            throw new TxfException(
                    TxfError.INDOUBT_TRANSACTIONS_EXIST,
                    null,
                    "expected every transaction to be decided, found in doubt " + inDoubt);
        }
        close();
    }

    /** With everything in its place the log keeps nothing: it can go round without this file manager for as long as it likes. */
    private void leaveLog() {
        try {
            // Something may have been committed since it was settled.
            if (root.isSettled() && resourceManager.isIdle()) {
                resourceManager.forget();
            }
        } catch (IOException | RuntimeException e) {
            System.getLogger(TransactedFiles.class.getName())
                    .log(System.Logger.Level.DEBUG, "the log keeps what it has until the next start", e);
        }
    }

    /** Rolls back what is active and lets go of the directory. What is in doubt is locked again when it is opened. */
    @Override
    public void close() {
        withdrawal.run();
        if (!root.isClosed()) {
            try {
                root.settle();
            } catch (IOException | RuntimeException e) {
                System.getLogger(TransactedFiles.class.getName())
                        .log(System.Logger.Level.DEBUG, "the next start does what is left", e);
            }
            // First: who cannot make his changes gives up waiting, and the next start makes them.
            root.close();
            leaveLog();
            resourceManager.close();
        }
        try {
            ownership.close();
        } catch (IOException e) {
            WorkArea.log("the lock of a root could not be closed", e);
        }
    }
}
