package dev.ktm.foreign;

import dev.ktm.registry.RegistryValue;
import jakarta.transaction.RollbackException;
import jakarta.transaction.SystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;

/**
 * A process with one of the other transaction managers. The first life commits and rolls back, and dies while three more
 * transactions are at three points of their commit; the second recovers. Both say, line by line, what became of what.
 * Arguments: directory, which manager, which life.
 */
final class Life {

    /** What the first one ends with. */
    static final int DIED = 86;

    static final List<Watched.Point> DEATHS =
            List.of(Watched.Point.AFTER_THE_VOTE, Watched.Point.BEFORE_THE_COMMIT, Watched.Point.AFTER_THE_COMMIT);

    static final int TIMEOUT_SECONDS = 5;
    private static final long MOST_RECOVERY_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Site site;
    private final ForeignManager foreign;

    private Life(Site site, ForeignManager foreign) {
        this.site = site;
        this.foreign = foreign;
    }

    /** Runs one. */
    public static void main(String[] arguments) throws Exception {
        // What recovery finds is what this is about.
        Logger.getLogger("").setLevel(Level.OFF);
        var directory = Path.of(arguments[0]);
        var kind = ForeignManager.Kind.valueOf(arguments[1]);
        var site = Site.open(directory);
        var life = new Life(site, kind.open(directory, site.recoverable()));
        if (arguments[2].equals("first")) {
            life.work();
            life.die();
        } else {
            life.recover();
        }
    }

    static void tell(String what, String found) {
        System.out.println(what + ": " + found);
        System.out.flush();
    }

    private void tellHolding(String name) throws Exception {
        tell(name, site.holding(name));
    }

    private void enlist(XAResource resource) throws Exception {
        if (!foreign.manager().getTransaction().enlistResource(resource)) {
            throw new IllegalStateException("expected that it takes part, found that it was refused: " + resource);
        }
    }

    /** One file, one value and one row. */
    private void write(String name) throws Exception {
        var session = site.session();
        enlist(session.getXAResource());
        site.insert(session, name);
        enlist(site.files.xaResource());
        site.writeFile(name);
        site.writeValue(name);
    }

    private void work() throws Exception {
        var manager = foreign.manager();

        manager.begin();
        write("committed");
        tell("seen by others before the commit", onAnotherThread(() -> site.holding("committed")));
        manager.commit();
        tellHolding("committed");

        manager.begin();
        write("rolled back");
        manager.rollback();
        tellHolding("rolled back");
        tell("a plain write after the rollback", site.plainWrite("rolled back"));

        manager.begin();
        write("refused");
        enlist(new Watched(site.session().getXAResource(), Watched.Point.BEFORE_THE_VOTE, () -> {
            throw new XAException(XAException.XA_RBINTEGRITY);
        }));
        try {
            manager.commit();
            tell("the commit that somebody refuses", "is done");
        } catch (RollbackException e) {
            tell("the commit that somebody refuses", "is rolled back");
        }
        tellHolding("refused");
        tell("a plain write after the refusal", site.plainWrite("refused"));

        var files = site.files.fileSystem();
        var registry = site.registry;
        // guide
        manager.begin();
        manager.getTransaction().enlistResource(site.ktm.xaResource());
        Files.writeString(files.getPath("/alone"), "alone");
        registry.transactedRoot().openKey(Site.KEY).setValue(RegistryValue.string("alone", "alone"));
        manager.commit();
        // end of guide
        tellHolding("alone");

        manager.begin();
        enlist(site.files.xaResource());
        site.writeFile("each enlisted");
        try {
            enlist(site.registry.xaResource());
            site.writeValue("each enlisted");
            manager.commit();
            tellHolding("each enlisted");
        } catch (IllegalStateException e) {
            manager.rollback();
            tell("each enlisted", "refused");
        }

        manager.begin();
        write("suspended");
        var suspended = manager.suspend();
        tell("seen while it is suspended", site.holding("suspended"));
        tell("on the thread while it is suspended", thread());
        manager.resume(suspended);
        site.writeFile("suspended");
        manager.commit();
        tellHolding("suspended");

        meanwhile();
        tell("in doubt", String.valueOf(site.inDoubt()));
    }

    /** The thread works for another transaction meanwhile. */
    private void meanwhile() throws Exception {
        var manager = foreign.manager();
        manager.begin();
        var resource = site.ktm.xaResource();
        enlist(resource);
        site.writeFile("interrupted");
        if (!foreign.endsWhatItSuspends()) {
            manager.getTransaction().delistResource(resource, XAResource.TMSUSPEND);
        }
        var delisted = manager.suspend();
        tell("on the thread once that has left it", thread());
        manager.begin();
        write("meanwhile");
        manager.commit();
        tellHolding("meanwhile");
        manager.resume(delisted);
        if (!foreign.endsWhatItSuspends()) {
            enlist(resource);
        }
        site.writeValue("interrupted");
        manager.commit();
        tellHolding("interrupted");
    }

    private String thread() throws SystemException {
        return site.ktm.transactionManager().getTransaction() == null ? "none" : "the transaction";
    }

    private static <T> T onAnotherThread(Callable<T> asked) throws Exception {
        var task = new java.util.concurrent.FutureTask<>(asked);
        var thread = new Thread(task);
        thread.start();
        return task.get();
    }

    /** Leaves a transaction at each of the points, and dies. */
    private void die() throws Exception {
        var reached = new CountDownLatch(DEATHS.size());
        for (var point : DEATHS) {
            var thread = new Thread(() -> leave(point, reached));
            thread.setDaemon(true);
            thread.start();
        }
        if (!reached.await(1, TimeUnit.MINUTES)) {
            throw new IllegalStateException(
                    "expected each transaction at its point, found " + reached.getCount() + " that never got there");
        }
        var held = name(Watched.Point.AFTER_THE_VOTE);
        tell("a plain write while it is prepared", site.plainWrite(held));
        Runtime.getRuntime().halt(DIED);
    }

    private static String name(Watched.Point point) {
        return point.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** The database votes and commits after ours. */
    private void leave(Watched.Point point, CountDownLatch reached) {
        try {
            var manager = foreign.manager();
            manager.setTransactionTimeout(TIMEOUT_SECONDS);
            manager.begin();
            enlist(new Watched(site.files.xaResource(), point, () -> {
                reached.countDown();
                LockSupport.park();
            }));
            site.writeFile(name(point));
            site.writeValue(name(point));
            var session = site.session();
            enlist(session.getXAResource());
            site.insert(session, name(point));
            manager.commit();
            throw new IllegalStateException("expected to wait at the point " + point + ", found a commit");
        } catch (Exception e) {
            e.printStackTrace();
        }
    }

    private void recover() throws Exception {
        long start = System.nanoTime();
        tell("in doubt", String.valueOf(site.inDoubt()));
        tell("a plain write before recovery", site.plainWrite(name(Watched.Point.AFTER_THE_VOTE)));
        while (site.inDoubt() > 0 || foreign.hasUnfinished()) {
            if (System.nanoTime() - start > MOST_RECOVERY_NANOS) {
                tell("left after 60 s", site.inDoubt() + " in doubt, unfinished " + foreign.hasUnfinished());
                break;
            }
            foreign.recover();
            LockSupport.parkNanos(POLL_NANOS);
        }
        for (var name : List.of(
                "committed",
                "rolled back",
                "refused",
                "alone",
                "each enlisted",
                "suspended",
                "meanwhile",
                "interrupted")) {
            tellHolding(name);
        }
        for (var point : DEATHS) {
            tellHolding(name(point));
        }
        tell("a plain write after recovery", site.plainWrite(name(Watched.Point.AFTER_THE_VOTE)));
        // Other transaction managers leave threads behind.
        Runtime.getRuntime().halt(0);
    }
}
