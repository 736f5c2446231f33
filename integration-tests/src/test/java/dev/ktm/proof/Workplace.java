package dev.ktm.proof;

import com.zaxxer.hikari.HikariConfig;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.jms.BrokerProfile;
import dev.ktm.jms.KtmConnectionFactory;
import dev.ktm.log.LogOptions;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.testing.PlantedDevice;
import dev.ktm.registry.Registry;
import dev.ktm.servers.Kind;
import dev.ktm.servers.SteppedDriver;
import jakarta.jms.XAConnectionFactory;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.jspecify.annotations.Nullable;

/** One coordinator, and everybody who takes part in its transactions. */
final class Workplace implements AutoCloseable {

    /** The keys of the registry that values are kept in, one for each thread: what was written, and what is changed. */
    static final String WRITTEN = "Proof\\Written";

    static final String CHANGED = "Proof\\Changed";

    /** The directories of files: what was written, and the two places of what is changed. */
    static final String FILES = "written";

    static final List<String> PLACES = List.of("a", "b");

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration RECOVERY = Duration.ofMillis(500);
    private static final int CONNECTIONS = 8;
    private static final long LONGEST_WAIT_MILLIS = 500;
    private static final long CONTAINER_BYTES = 512 << 10;

    private final Assignment assignment;
    final HaltAt steps;
    final FaultyDisk disk;
    final Ktm ktm;
    final TransactedFiles files;
    final Registry registry;
    final Map<Part, DataSource> databases = new ConcurrentHashMap<>();
    /** Past the coordinator. */
    final Map<Part, DataSource> plain = new ConcurrentHashMap<>();

    final Map<Part, KtmConnectionFactory> brokers = new ConcurrentHashMap<>();

    /** H2 gets one transaction at a time: of several at once it loses branches that it has prepared. */
    final Semaphore oneForH2 = new Semaphore(1);

    private final List<AutoCloseable> open = new CopyOnWriteArrayList<>();

    private Workplace(Assignment assignment, Ledger.Writer ledger) throws Exception {
        this.assignment = assignment;
        var plan = assignment.plan();
        this.steps = new HaltAt(plan.ending().step(), plan.ending().times());
        if (plan.ending().when() == Plan.When.RECOVERING) {
            steps.begin();
        }
        this.disk = new FaultyDisk(steps, plan.disk(), plan.goodWrites(), assignment.bug() == PlantedBug.LOSES_THE_LOG);
        Files.createDirectories(assignment.log());
        Files.createDirectories(assignment.root());
        this.ktm = Ktm.open(KtmOptions.builder()
                .device(new PlantedDevice(FileDevice.openOrCreate(assignment.log()), disk))
                .logOptions(LogOptions.builder().containerBytes(CONTAINER_BYTES).build())
                .defaultTimeout(TIMEOUT)
                .recoveryInterval(RECOVERY)
                .parallel(plan.parallel())
                .build());
        // Before anybody is there with whom they could be finished.
        for (var transaction : ktm.manager().live()) {
            ledger.pending(transaction.unitOfWork());
        }
        this.files = TransactedFiles.open(ktm, "files", assignment.root());
        this.registry = Registry.open(ktm, "registry");
        makePlaces();
    }

    /** Opens everything, the servers' pools at once. Writes to a ledger which transactions of earlier lives have not ended yet. */
    static Workplace open(Assignment assignment, Ledger.Writer ledger) throws Exception {
        var place = new Workplace(assignment, ledger);
        var threads = Executors.newCachedThreadPool();
        try {
            var all = new ArrayList<Future<?>>();
            for (var part : Part.of(assignment.ports().keySet())) {
                all.add(threads.submit(() -> {
                    place.open(part);
                    return null;
                }));
            }
            for (var each : all) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a pool could not be opened", e.getCause());
        } finally {
            threads.shutdown();
        }
        return place;
    }

    /** Who can take part. */
    List<Part> parts() {
        return Part.of(assignment.ports().keySet());
    }

    private void makePlaces() throws Exception {
        var system = files.plainFileSystem();
        Files.createDirectories(system.getPath("/" + FILES));
        for (var place : PLACES) {
            Files.createDirectories(system.getPath("/" + place));
        }
        for (int thread = 0; thread < assignment.threads(); thread++) {
            registry.root().createKey(WRITTEN + "\\" + thread);
            registry.root().createKey(CHANGED + "\\" + thread);
        }
    }

    private void open(Part part) throws SQLException {
        switch (part) {
            case FILES, REGISTRY -> {}
            case LAST -> {
                var host = Part.host(assignment.ports().keySet()).orElseThrow();
                var source = host.plain(port(host));
                addDatabase(
                        part,
                        source,
                        KtmDataSource.builder(ktm, part.label())
                                .lastResource(new SteppedConnections(part.label(), steps).watch(source))
                                .pool(pool())
                                .open());
            }
            case ARTEMIS, ACTIVEMQ -> openBroker(part);
            case H2, DERBY, POSTGRESQL, MARIADB -> openDatabase(part);
        }
    }

    private void openDatabase(Part part) throws SQLException {
        var kind = part.kind().orElseThrow();
        var source = kind.xaDataSource(port(kind));
        var driver = new SteppedDriver(part.label());
        driver.tell(steps);
        addDatabase(
                part,
                source instanceof DataSource both ? both : null,
                KtmDataSource.builder(ktm, part.label())
                        .source(driver.watch(XADataSource.class, new LyingDriver(assignment.bug()).plantedIn(source)))
                        .pool(pool())
                        .open());
    }

    private void addDatabase(Part part, @Nullable DataSource past, KtmDataSource pool) {
        open.add(pool);
        databases.put(part, pool);
        if (past != null) {
            plain.put(part, past);
        }
    }

    private void openBroker(Part part) {
        var kind = part.kind().orElseThrow();
        var factories = kind.factories(port(kind));
        var driver = new SteppedDriver(part.label());
        driver.tell(steps);
        var factory = KtmConnectionFactory.builder(
                        ktm, part.label(), driver.watch(XAConnectionFactory.class, factories.xa()))
                .profile(kind == Kind.ARTEMIS ? BrokerProfile.ARTEMIS : BrokerProfile.ACTIVEMQ_CLASSIC)
                .outsideTransactions(factories.plain())
                .build();
        open.add(factory);
        brokers.put(part, factory);
    }

    private int port(Kind kind) {
        var port = assignment.ports().get(kind);
        if (port == null) {
            throw new IllegalStateException("expected a port of " + kind + ", found none");
        }
        return port;
    }

    private static HikariConfig pool() {
        var pool = new HikariConfig();
        pool.setMaximumPoolSize(CONNECTIONS);
        pool.setMinimumIdle(0);
        pool.setConnectionTimeout(LONGEST_WAIT_MILLIS);
        return pool;
    }

    @Override
    public void close() throws Exception {
        for (var each : open) {
            each.close();
        }
        registry.close();
        files.close();
        ktm.close();
    }
}
