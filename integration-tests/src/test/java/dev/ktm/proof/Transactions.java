package dev.ktm.proof;

import dev.ktm.proof.Attempt.FileChange;
import dev.ktm.proof.Attempt.Knew;
import dev.ktm.proof.Attempt.ValueChange;
import dev.ktm.registry.RegistryValue;
import dev.ktm.servers.Server;
import dev.ktm.tm.KtmTransaction;
import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;
import jakarta.transaction.HeuristicRollbackException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.TransactionManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The transactions of one thread, one after another, each of its own kind. */
final class Transactions {

    /** One in so many is rolled back, marked for rollback, left to its timeout, or finished by another thread. */
    private static final int ROLLED_BACK = 12;

    private static final int MARKED = 20;
    private static final int LATE = 150;
    private static final int HANDED_OVER = 8;
    private static final int MOST_PARTS = 5;
    /** One message in so many is received besides. */
    private static final int RECEIVES = 3;

    private static final List<FileChange> FILE_CHANGES = List.of(FileChange.values());
    private static final List<ValueChange> VALUE_CHANGES = List.of(ValueChange.values());
    private static final long LONGEST_RECEIVE_MILLIS = 50;
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    /** Some of a kind that stay in memory and in the log, some that do not. */
    private static final int[] COPIES = {1, 1, 10, 10_000};

    private final Workplace place;
    private final Ledger.Writer ledger;
    private final PlantedBug bug;
    private final int thread;
    private final Random random;
    private final TransactionManager manager;
    private final ExecutorService others;

    Transactions(Workplace place, Ledger.Writer ledger, Assignment assignment, int thread, ExecutorService others) {
        this.place = place;
        this.ledger = ledger;
        this.bug = assignment.bug();
        this.thread = thread;
        this.random = new Random(assignment.plan().seed() + thread);
        this.manager = place.ktm.transactionManager();
        this.others = others;
    }

    /** What the next one will be. */
    private record Shape(
            String key,
            List<Part> parts,
            FileChange file,
            ValueChange value,
            boolean rolledBack,
            boolean marked,
            boolean late,
            boolean handedOver) {}

    private Shape shape(String key, List<Part> chosen) {
        var file = FILE_CHANGES.get(random.nextInt(FILE_CHANGES.size()));
        var value = VALUE_CHANGES.get(random.nextInt(VALUE_CHANGES.size()));
        return new Shape(
                key,
                chosen,
                chosen.contains(Part.FILES) ? file : FileChange.NONE,
                chosen.contains(Part.REGISTRY) ? value : ValueChange.NONE,
                random.nextInt(ROLLED_BACK) == 0,
                random.nextInt(MARKED) == 0,
                random.nextInt(LATE) == 0,
                random.nextInt(HANDED_OVER) == 0);
    }

    /** Makes one of a random kind. */
    void make(String key) throws Exception {
        var all = new ArrayList<>(place.parts());
        Collections.shuffle(all, random);
        int most = Math.min(MOST_PARTS, all.size());
        make(shape(key, List.copyOf(all.subList(0, 1 + random.nextInt(most)))));
    }

    /** Makes one over everybody, with nothing in its way. */
    Knew makeOverAll(String key) throws Exception {
        return make(new Shape(key, place.parts(), FileChange.REPLACE, ValueChange.SET, false, false, false, false));
    }

    private Knew make(Shape shape) throws Exception {
        if (!shape.parts.contains(Part.H2)) {
            return makeNow(shape);
        }
        place.oneForH2.acquireUninterruptibly();
        try {
            return makeNow(shape);
        } finally {
            place.oneForH2.release();
        }
    }

    private Knew makeNow(Shape shape) throws Exception {
        manager.setTransactionTimeout(shape.late ? 1 : 0);
        ledger.begins(shape.key, thread, shape.parts, shape.file, shape.value);
        manager.begin();
        if (manager.getTransaction() instanceof KtmTransaction transaction) {
            ledger.unit(shape.key, transaction.unitOfWork());
        }
        place.steps.reached("client after begin");
        Knew knew;
        if (shape.handedOver) {
            int half = shape.parts.size() / 2;
            if (writes(shape, shape.parts.subList(0, half))) {
                var suspended = manager.suspend();
                knew = others.submit(() -> {
                            manager.resume(suspended);
                            return finish(shape, writes(shape, shape.parts.subList(half, shape.parts.size())));
                        })
                        .get();
            } else {
                knew = finish(shape, false);
            }
        } else {
            knew = finish(shape, writes(shape, shape.parts));
        }
        ledger.ended(shape.key, knew);
        return knew;
    }

    /** Whether all could be written. */
    private boolean writes(Shape shape, List<Part> parts) {
        for (var part : parts) {
            try {
                write(part, shape);
            } catch (Exception e) {
                // Its server may be away.
                return false;
            }
        }
        return true;
    }

    private Knew finish(Shape shape, boolean written) throws Exception {
        if (shape.late && written) {
            while (manager.getStatus() == Status.STATUS_ACTIVE) {
                LockSupport.parkNanos(this, POLL_NANOS);
            }
        }
        if (!written || shape.rolledBack) {
            try {
                manager.rollback();
            } catch (Exception e) {
                // It was not told to commit, and must not.
            }
            return Knew.ROLLED_BACK;
        }
        if (shape.marked) {
            manager.setRollbackOnly();
        }
        if (bug == PlantedBug.ACKNOWLEDGES_BEFORE_COMMIT) {
            ledger.ended(shape.key, Knew.COMMITTED);
        }
        place.steps.reached("client before commit");
        try {
            manager.commit();
            place.steps.reached("client after commit");
            return Knew.COMMITTED;
        } catch (RollbackException | HeuristicRollbackException e) {
            return Knew.ROLLED_BACK;
        } catch (Exception e) {
            return Knew.UNKNOWN;
        }
    }

    private void write(Part part, Shape shape) throws Exception {
        switch (part) {
            case H2, DERBY, POSTGRESQL, MARIADB, LAST -> insert(part, shape.key);
            case ARTEMIS, ACTIVEMQ -> send(part, shape.key);
            case FILES -> writeFiles(shape);
            case REGISTRY -> writeValues(shape);
        }
    }

    private void insert(Part part, String key) throws Exception {
        var past = place.plain.get(part);
        var source = bug == PlantedBug.WRITES_OUTSIDE && past != null ? past : place.databases.get(part);
        try (var connection = Objects.requireNonNull(source).getConnection();
                var statement = connection.prepareStatement("INSERT INTO " + Site.table(part) + " VALUES (?)")) {
            statement.setString(1, key);
            statement.executeUpdate();
        }
    }

    private void send(Part part, String key) throws JMSException, IOException {
        try (var context = Objects.requireNonNull(place.brokers.get(part)).createContext()) {
            var orders = context.createQueue(Server.ORDERS);
            context.createProducer().send(orders, key);
            if (bug == PlantedBug.SENDS_TWICE) {
                context.createProducer().send(orders, key);
            }
            if (random.nextInt(RECEIVES) == 0) {
                var message = context.createConsumer(context.createQueue(Server.STOCK))
                        .receive(LONGEST_RECEIVE_MILLIS);
                if (message instanceof TextMessage text) {
                    ledger.took(key, text.getText());
                }
            }
        }
    }

    /** What the file of a key has in it. */
    static String contentOf(String key, int copies) {
        return (key + "\n").repeat(copies);
    }

    private void writeFiles(Shape shape) throws IOException {
        var system = place.files.fileSystem();
        var content = contentOf(shape.key, COPIES[random.nextInt(COPIES.length)]);
        Files.writeString(system.getPath("/" + Workplace.FILES, shape.key), content);
        var one = system.getPath("/" + Workplace.PLACES.get(0), String.valueOf(thread));
        var other = system.getPath("/" + Workplace.PLACES.get(1), String.valueOf(thread));
        switch (shape.file) {
            case NONE -> {}
            case REPLACE -> Files.writeString(Files.exists(other) ? other : one, content);
            case MOVE -> {
                if (Files.exists(one)) {
                    move(one, other);
                } else if (Files.exists(other)) {
                    move(other, one);
                }
            }
            case DELETE -> {
                Files.deleteIfExists(one);
                Files.deleteIfExists(other);
            }
        }
    }

    private static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    private void writeValues(Shape shape) throws Exception {
        var root = place.registry.transactedRoot();
        try (var written = root.openKey(Workplace.WRITTEN + "\\" + thread)) {
            written.setValue(RegistryValue.string(shape.key, shape.key));
        }
        try (var changed = root.openKey(Workplace.CHANGED + "\\" + thread)) {
            switch (shape.value) {
                case NONE -> {}
                case SET -> changed.setValue(RegistryValue.string("value", shape.key));
                case DELETE -> changed.deleteValue("value");
            }
        }
    }
}
