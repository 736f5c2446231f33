package dev.ktm.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.proof.Attempt.Knew;
import dev.ktm.registry.RegistryValue;
import dev.ktm.rm.KtmException;
import dev.ktm.servers.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One life of the coordinator: recovers, works until it is killed, and writes what its clients know to a ledger. Tells its parent line
 * by line what it is at. Its argument is the file of its {@link Assignment}.
 */
final class Worker {

    /** What it says when its row of the {@link Witness} is written. */
    static final String TESTIFIED = "testified";

    /** What it says when the log is read and every pool is open. */
    static final String OPENED = "opened";

    /** What it says when nothing of earlier lives is left; the milliseconds from its start follow. */
    static final String RECOVERED = "recovered";

    /** What it says when it begins to make transactions. */
    static final String WORKING = "working";

    /** What it says when a transaction has ended. */
    static final String ENDED = ".";

    /** What it says when it has tried again to finish what is left. */
    static final String SETTLED = "settled";

    /** What it is told to look again, and to tell what is there and end. */
    static final String AGAIN = "again";

    static final String FINISH = "finish";

    /** How lines begin that tell what is there. */
    static final String FOUND = "found";

    private static final Logger REPORTS = Logger.getLogger("dev.ktm");
    /** What somebody else has done to its files is not, since nobody does. */
    private static final Logger FILES = Logger.getLogger("dev.ktm.file");

    private static final int TRAINING = 25;
    private static final int MOST_FAILURES = 5;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LONGEST_TESTIMONY_MILLIS = 500;
    private static final long LONGEST_RECOVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Assignment assignment;
    private final Workplace place;
    private final Ledger.Writer ledger;
    private final Operator operator;

    private Worker(Assignment assignment, Workplace place, Ledger.Writer ledger) {
        this.assignment = assignment;
        this.place = place;
        this.ledger = ledger;
        this.operator = new Operator(place, ledger, assignment);
    }

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        long start = System.nanoTime();
        var assignment = Assignment.read(Path.of(arguments[0]));
        // What recovery finds is what this is about.
        REPORTS.setLevel(Level.SEVERE);
        FILES.setLevel(Level.WARNING);
        Logger.getLogger("org.apache").setLevel(Level.OFF);
        Logger.getLogger("com.zaxxer").setLevel(Level.OFF);
        if (assignment.mode() == Assignment.Mode.WORK) {
            endWithParent();
        }
        int status = 0;
        try {
            var ledger = Ledger.Writer.to(assignment.ledger());
            if (assignment.mode() == Assignment.Mode.WORK) {
                testify(assignment);
            }
            var place = Workplace.open(assignment, ledger);
            tell(OPENED);
            new Worker(assignment, place, ledger).run(start);
        } catch (Exception | Error e) {
            e.printStackTrace();
            status = 1;
        }
        System.out.flush();
        // Drivers may have left threads behind that would keep it alive.
        Runtime.getRuntime().halt(status);
    }

    /** Before anything else, but for no longer than a start may take when a server does not answer. */
    private static void testify(Assignment assignment) throws InterruptedException {
        var port = assignment.ports().get(Kind.H2);
        if (port == null) {
            return;
        }
        var over = new CountDownLatch(1);
        var witness = new Thread(
                () -> {
                    try {
                        Witness.testifyAtTheStart(port, assignment.plan().life(), () -> {
                            tell(TESTIFIED);
                            over.countDown();
                        });
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    } finally {
                        over.countDown();
                    }
                },
                "witness");
        witness.setDaemon(true);
        witness.start();
        // It may be late: then the row counts all the same, once it is told of.
        boolean inTime = over.await(LONGEST_TESTIMONY_MILLIS, TimeUnit.MILLISECONDS);
        if (!inTime) {
            tell("no answer to the witness yet");
        }
    }

    private static void tell(String line) {
        System.out.println(line);
        System.out.flush();
    }

    /** Nobody is left who would kill it. */
    private static void endWithParent() {
        var watch = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // Nothing is said to it.
                        }
                    } catch (IOException e) {
                        // That is an end, too.
                    }
                    Runtime.getRuntime().halt(1);
                },
                "parent");
        watch.setDaemon(true);
        watch.start();
    }

    private void run(long start) throws Exception {
        if (assignment.bug() == PlantedBug.TOUCHES_FOREIGN) {
            rollBackEverything();
        }
        if (assignment.mode() == Assignment.Mode.SETTLE) {
            settle();
            return;
        }
        if (assignment.plan().operator()) {
            // The last resource could not be asked when this life began.
            place.ktm.recoverNow();
            operator.decide();
        }
        recover(start);
        place.steps.begin();
        place.disk.begin();
        tell(WORKING);
        work();
    }

    private void recover(long start) throws KtmException {
        long begun = System.nanoTime();
        while (true) {
            place.ktm.recoverNow();
            if (place.ktm.manager().live().isEmpty()) {
                tell(RECOVERED + " " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
                return;
            }
            if (System.nanoTime() - begun > LONGEST_RECOVERY_NANOS) {
                // A server is away: nobody has to wait for it.
                return;
            }
            LockSupport.parkNanos(this, PAUSE_NANOS);
        }
    }

    private void rollBackEverything() throws Exception {
        for (var kind : assignment.ports().keySet()) {
            int port = java.util.Objects.requireNonNull(assignment.ports().get(kind));
            for (var xid : ForeignBranches.listed(kind, port)) {
                try (var session =
                        kind.client(port, dev.ktm.servers.Server.STOCK).open()) {
                    session.xaResource().rollback(xid);
                }
            }
        }
    }

    private void work() throws Exception {
        if (assignment.plan().operator()) {
            var watching = new Thread(operator::work, "operator");
            watching.setDaemon(true);
            watching.setUncaughtExceptionHandler((thread, e) -> {
                e.printStackTrace();
                Runtime.getRuntime().halt(1);
            });
            watching.start();
        }
        int count = assignment.threads();
        var threads = Executors.newFixedThreadPool(count);
        var others = Executors.newCachedThreadPool();
        for (int number = 0; number < count; number++) {
            var transactions = new Transactions(place, ledger, assignment, number, others);
            int thread = number;
            threads.execute(() -> repeat(transactions, thread));
        }
        threads.shutdown();
        threads.awaitTermination(1, TimeUnit.HOURS);
    }

    private void repeat(Transactions transactions, int thread) {
        int most = assignment.mode() == Assignment.Mode.TRAIN ? TRAINING : Integer.MAX_VALUE;
        int failures = 0;
        for (int number = 1; number <= most && failures < MOST_FAILURES; number++) {
            try {
                transactions.make(assignment.plan().life() + "-" + thread + "-" + number);
                tell(ENDED);
                failures = 0;
            } catch (Exception e) {
                // A coordinator whose log has failed takes nothing more: it waits for its end.
                failures++;
            }
        }
        if (assignment.mode() == Assignment.Mode.WORK) {
            LockSupport.parkNanos(this, TimeUnit.HOURS.toNanos(1));
        }
    }

    private void settle() throws Exception {
        try (var asked = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
            for (var line = AGAIN; line != null; line = asked.readLine()) {
                if (line.equals(FINISH)) {
                    probe();
                    tellWhatIsThere();
                    place.close();
                    if (assignment.bug() == PlantedBug.LEAVES_A_FILE) {
                        Files.writeString(workArea(assignment.root()).resolve("left-behind"), "x");
                    }
                    return;
                }
                place.ktm.recoverNow();
                tell(SETTLED + " " + place.ktm.manager().live().size());
            }
        }
    }

    /** Nobody holds anything: a transaction over everybody, from each thread, goes through. */
    private void probe() throws Exception {
        ExecutorService others = Executors.newCachedThreadPool();
        for (int thread = 0; thread < assignment.threads(); thread++) {
            var key = "probe" + assignment.plan().life() + "-" + thread;
            var knew = new Transactions(place, ledger, assignment, thread, others).makeOverAll(key);
            if (knew != Knew.COMMITTED) {
                tellFound("leftover", "a transaction over everybody did not commit: " + key + " " + knew);
            }
        }
        others.shutdown();
    }

    private static void tellFound(String what, String text) {
        tell(FOUND + " " + what + " " + text.replace('\n', ' '));
    }

    private void tellWhatIsThere() throws Exception {
        for (int thread = 0; thread < assignment.threads(); thread++) {
            try (var written = place.registry.root().openKey(Workplace.WRITTEN + "\\" + thread)) {
                for (var value : written.values()) {
                    tellFound("registry", value.name());
                }
            }
            try (var changed = place.registry.root().openKey(Workplace.CHANGED + "\\" + thread)) {
                int number = thread;
                changed.find("value")
                        .flatMap(RegistryValue::asString)
                        .ifPresent(text -> tellFound("value", number + " " + text));
            }
        }
        for (var transaction : place.ktm.manager().live()) {
            tellFound("leftover", "a transaction that has not ended: " + transaction.unitOfWork());
        }
        if (!place.files.inDoubt().isEmpty()) {
            tellFound("leftover", "files in doubt: " + place.files.inDoubt());
        }
        for (var damaged : place.ktm.manager().damaged()) {
            var others = operator.otherThanOfLast(damaged);
            var what = others.isEmpty() ? "decided" : "damaged";
            tellFound(what, damaged.unitOfWork() + " " + (others.isEmpty() ? damaged.damage() : others));
        }
    }

    static Path workArea(Path root) {
        return root.resolve(".ktm-files").resolve("work");
    }
}
