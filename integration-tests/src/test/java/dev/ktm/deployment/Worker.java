package dev.ktm.deployment;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.jms.KtmConnectionFactory;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.XAConnectionFactory;
import jakarta.transaction.RollbackException;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/**
 * Deploys releases: what an application would do. Tells its parent, line by line, what it is about to do and what it was told.
 * Arguments: directory, run, first and last release, release and {@link CrashPoint} at which it dies, URLs of the databases.
 */
final class Worker implements AutoCloseable {

    /** Branches that recovery rolls back are what this is about: they are in the table at the end. */
    private static final Logger REPORTS = Logger.getLogger("dev.ktm");

    /** What it says when everything is recovered, and it has told what is there. */
    static final String RECOVERED = "recovered";

    private static final int PARTICIPANTS = 3;
    private static final long MOST_RECOVERY_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final String run;
    private final Queue broker;
    private final Ktm ktm;
    private final CrashingCalls calls = new CrashingCalls(PARTICIPANTS);
    private final Database inventory;
    private final Database audit;
    private final KtmDataSource inventoryPool;
    private final KtmDataSource auditPool;
    private final KtmConnectionFactory queue;
    private final Installed installed;

    private Worker(Place place) throws Exception {
        this.run = place.run();
        this.inventory = place.inventory();
        this.audit = place.audit();
        inventory.create();
        audit.create();
        this.broker = place.queue();
        this.ktm = Ktm.open(KtmOptions.builder().logDirectory(place.log()).build());
        this.inventoryPool = KtmDataSource.open(ktm, "inventory", calls.watch(XADataSource.class, inventory.source()));
        this.auditPool = KtmDataSource.open(ktm, "audit", calls.watch(XADataSource.class, audit.source()));
        this.queue = KtmConnectionFactory.builder(
                        ktm, "queue", calls.watch(XAConnectionFactory.class, broker.connectionFactory()))
                .build();
        this.installed = Installed.open(ktm, place.files());
    }

    public static void main(String[] arguments) throws Exception {
        var place = new Place(
                Path.of(arguments[0]), arguments[1], List.of(arguments).subList(6, arguments.length));
        int first = Integer.parseInt(arguments[2]);
        int last = Integer.parseInt(arguments[3]);
        int fatal = Integer.parseInt(arguments[4]);
        REPORTS.setLevel(Level.SEVERE);
        try (var worker = new Worker(place)) {
            worker.recover();
            worker.tellWhatIsThere();
            for (int number = first; number <= last; number++) {
                worker.deploy(new Release(number), number == fatal ? CrashPoint.of(arguments[5]) : null);
            }
        }
        tell("done");
        // The broker's client leaves threads behind that wait for work for a while.
        Runtime.getRuntime().halt(0);
    }

    private static void tell(String line) {
        System.out.println(line);
        System.out.flush();
    }

    /** Waits until everything that an earlier process has left is finished. */
    private void recover() throws Exception {
        long start = System.nanoTime();
        while (true) {
            ktm.recoverNow();
            if (ktm.manager().live().isEmpty()) {
                break;
            }
            if (System.nanoTime() - start > MOST_RECOVERY_NANOS) {
                throw new IllegalStateException("expected everything to be recovered within 60 s, found "
                        + ktm.manager().live());
            }
            LockSupport.parkNanos(this, POLL_NANOS);
        }
    }

    /** For the parent to compare, before anything else is done. */
    private void tellWhatIsThere() throws Exception {
        var lines = new StringJoiner("\n");
        Holdings.of(inventory, audit, broker, installed.found(), run).tell(line -> lines.add(line.replace('\n', ' ')));
        lines.add(RECOVERED);
        tell(lines.toString());
    }

    /** One release: two rows, a message, files and settings, or nothing. */
    private void deploy(Release release, @Nullable CrashPoint fatal) throws Exception {
        calls.arm(fatal);
        tell("begun " + release.number());
        var user = ktm.userTransaction();
        user.begin();
        boolean committed = false;
        try {
            work(inventoryPool, auditPool, queue, release);
            installed.install(release);
            if (release.isFaulty()) {
                user.rollback();
            } else {
                calls.reached(CrashPoint.BEFORE_COMMIT);
                user.commit();
                committed = true;
            }
        } catch (RollbackException e) {
            tell("refused " + release.number() + " " + e.getMessage());
            return;
        }
        calls.reached(CrashPoint.AFTER_ACKNOWLEDGEMENT);
        tell((committed ? "committed " : "rolled-back ") + release.number());
    }

    /** Plain JDBC and JMS. */
    private void work(DataSource inventories, DataSource audits, ConnectionFactory messages, Release release)
            throws Exception {
        try (var connection = inventories.getConnection()) {
            inventory.insert(connection, run, release.number(), release.toString());
        }
        calls.reached(CrashPoint.AFTER_FIRST_INSERT);
        try (var connection = audits.getConnection()) {
            audit.insert(connection, run, release.number(), release.toString());
        }
        try (var context = messages.createContext()) {
            var message = context.createTextMessage(release.toString());
            message.setStringProperty(Queue.RUN, run);
            message.setIntProperty(Queue.NUMBER, release.number());
            context.createProducer().send(context.createQueue(Queue.NAME), message);
        }
    }

    @Override
    public void close() throws Exception {
        installed.close();
        queue.close();
        auditPool.close();
        inventoryPool.close();
        ktm.close();
        broker.close();
    }
}
