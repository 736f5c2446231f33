package dev.ktm.benchmark;

import com.zaxxer.hikari.HikariDataSource;
import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures data sources and connection factories, in and outside transactions, beside what they are made of and beside those of
 * other products. Prints tables in Markdown.
 */
public final class JdbcBenchmark {

    /** As many as HikariCP opens if it is told nothing. */
    private static final int USUAL_POOL = 10;
    /** One connection for each caller. */
    private static final int LARGE_POOL = 32;

    private static final Integer[] CALLERS = {1, 8, 32};
    private static final int FORCES_OF = 2_000;
    /** So long, in windows, does a process work before it is measured. */
    private static final int WARM_UP = 20;

    private static final int WARM_UP_CALLERS = 8;

    private final Console console = new Console();
    private final Settings<JdbcSection> settings;
    private final AtomicInteger databases = new AtomicInteger();
    private final List<Outcome> all = new ArrayList<>();

    private JdbcBenchmark(Settings<JdbcSection> settings) {
        this.settings = settings;
    }

    /** Runs the sections that the command line names. */
    public static void main(String[] args) throws Exception {
        Settings<JdbcSection> settings;
        try {
            settings = Settings.of(JdbcSection.class, args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Settings.usage(JdbcSection.class));
            return;
        }
        Console.silenceLoggers();
        new JdbcBenchmark(settings).run();
    }

    private void run() throws Exception {
        Files.createDirectories(settings.directory());
        console.line(Machine.describe(settings.directory()));
        for (var section : settings.sections()) {
            System.err.println(section);
            switch (section) {
                case POOL -> pool();
                case ENLISTMENT -> enlistment();
                case TWO_DATABASES -> twoDatabases();
                case FORCES -> forces();
                case PEERS -> peers(Workload.TWO_DATABASES);
                case PEERS_DELAYED -> peers(Workload.TWO_DATABASES_DELAYED);
                case PEERS_BROKER -> peers(Workload.DATABASE_AND_BROKER);
            }
        }
        if (settings.json().isPresent()) {
            JsonReport.write(settings.json().get(), all);
        }
    }

    private void pool() throws Exception {
        try (var plain = OtherLog.withSameCallers(hikari())) {
            print(
                    "A hundred connections taken and given back outside transactions, beside HikariCP",
                    plain,
                    scenarios("KtmDataSource", directory -> ktmOutside()));
        }
    }

    private DurableLog hikari() throws SQLException {
        var database = inMemory();
        var config = KtmDataSources.config(USUAL_POOL);
        config.setDataSource(database.database());
        var source = new HikariDataSource(config);
        return new PooledConnections(source, () -> {
            source.close();
            database.close();
        });
    }

    private DurableLog ktmOutside() throws SQLException {
        var database = inMemory();
        var ktm = Ktm.open(KtmOptions.builder().inMemory().build());
        var source = KtmDataSources.open(ktm, "database", database, USUAL_POOL);
        return new PooledConnections(source, () -> {
            source.close();
            ktm.close();
            database.close();
        });
    }

    private void enlistment() throws Exception {
        var scenarios = scenarios(
                "KtmDataSource",
                directory -> new KtmDataSources(
                        Ktm.open(KtmOptions.builder().inMemory().build()), List.of(inMemory()), LARGE_POOL));
        try (var enlisted = OtherLog.withSameCallers(new XaByHand(
                List.of(inMemory()),
                Optional.of(Ktm.open(KtmOptions.builder().inMemory().build()))))) {
            print("A row in one database in memory, beside a resource enlisted by hand", enlisted, scenarios);
        }
        try (var bare = OtherLog.withSameCallers(new XaByHand(List.of(inMemory()), Optional.empty()))) {
            print("The same, beside the calls of XA made by hand", bare, scenarios);
        }
    }

    private void twoDatabases() throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "byhand");
        try (var bare = OtherLog.withSameCallers(new XaByHand(two(directory), Optional.empty()))) {
            var scenarios = new ArrayList<>(scenarios(
                    "KtmDataSource",
                    empty -> new KtmDataSources(
                            Ktm.open(KtmOptions.builder()
                                    .logDirectory(empty.resolve("log"))
                                    .build()),
                            two(empty),
                            LARGE_POOL)));
            scenarios.addAll(scenarios(
                    "KtmDataSource, no log",
                    empty -> new KtmDataSources(
                            Ktm.open(KtmOptions.builder().inMemory().build()), two(empty), LARGE_POOL)));
            print(
                    "A row in each of two H2 databases on the disk, beside the calls of XA made by hand",
                    bare,
                    scenarios);
        } finally {
            Experiment.delete(directory);
        }
    }

    private void forces() throws Exception {
        var counts = new ForceCount(settings, FORCES_OF, CALLERS);
        console.print(
                "Forced writes of the coordinator's log",
                counts.table(
                        List.of(Workload.TWO_DATABASES, Workload.DATABASE_AND_BROKER),
                        Workload::text,
                        workload -> directory -> BridgeProduct.KTM.open(workload, directory)));
    }

    /** Each product in a process of its own; so are the calls by hand, which all are compared with. */
    private void peers(Workload workload) throws Exception {
        var directory = Files.createTempDirectory(settings.directory(), "peers");
        var workers = new ArrayList<Worker>();
        try {
            var byHand = warm(BridgeProduct.BY_HAND, workload, Files.createDirectory(directory.resolve("reference")));
            workers.add(byHand);
            var scenarios = new ArrayList<Scenario>();
            for (var product : BridgeProduct.values()) {
                if (settings.includes(product.text())) {
                    var worker = warm(product, workload, Files.createDirectory(directory.resolve(product.name())));
                    workers.add(worker);
                    scenarios.addAll(scenarios(product.text(), empty -> worker.measured()));
                }
            }
            Reference reference =
                    (beside, nanos) -> Reference.Rate.of(byHand.measured().work(beside, nanos));
            print(workload.text() + ", beside the calls of XA made by hand", reference, scenarios);
        } finally {
            for (var worker : workers) {
                worker.close();
            }
            Experiment.delete(directory);
        }
    }

    private Worker warm(BridgeProduct product, Workload workload, Path directory) throws Exception {
        var worker = new Worker(product, workload, directory);
        System.err.println("warming up " + product.text());
        var scenario = new Scenario("", empty -> worker.measured(), WARM_UP_CALLERS, ThreadKind.PLATFORM, 0);
        worker.measured().work(scenario, TimeUnit.MILLISECONDS.toNanos((long) WARM_UP * settings.windowMillis()));
        return worker;
    }

    private Inserts inMemory() throws SQLException {
        return Inserts.inMemory("database" + databases.incrementAndGet());
    }

    private static List<Inserts> two(Path directory) throws SQLException {
        return List.of(Inserts.in(directory.resolve("orders")), Inserts.in(directory.resolve("stock")));
    }

    private List<Scenario> scenarios(String name, Measured.Opener opener) {
        if (!settings.includes(name)) {
            return List.of();
        }
        return settings.callersOr(CALLERS).stream()
                .map(number -> new Scenario(name, opener, number, ThreadKind.PLATFORM, 0))
                .toList();
    }

    private void print(String title, Reference reference, List<Scenario> scenarios) {
        var outcomes = new Experiment(settings, reference).run(scenarios);
        all.addAll(outcomes);
        console.print(title, Report.beside(outcomes));
    }
}
