package dev.ktm.benchmark.boot;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.AnnotationTransactionAttributeSource;
import org.springframework.transaction.interceptor.TransactionInterceptor;

/**
 * Transactions per second over two databases, what an empty transaction costs beside one that Spring manages alone, and how long the
 * application takes to start. Arguments: the directory, the rounds, and the milliseconds of each.
 */
public final class BootBenchmark {

    private static final int[] CALLERS = {1, 8};
    private static final int WARM_UP_MILLIS = 8000;
    private static final long EMPTY_CALLS = 200_000;
    private static final int STARTS = 7;
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final Path directory;
    private final int rounds;
    private final int millis;

    private BootBenchmark(Path directory, int rounds, int millis) {
        this.directory = directory;
        this.rounds = rounds;
        this.millis = millis;
    }

    /** Measures, and prints. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 2 && arguments[0].equals("start")) {
            long begin = System.nanoTime();
            try (var context = start(Path.of(arguments[1]))) {
                context.getBean(Application.Shop.class).create();
                OUT.println("started " + (System.nanoTime() - begin) / 1000);
            }
            Runtime.getRuntime().halt(0);
        }
        if (arguments.length != 3) {
            throw new IllegalArgumentException(
                    "expected a directory, rounds and milliseconds, as in /data/b 7 3000, found "
                            + Arrays.toString(arguments));
        }
        new BootBenchmark(Path.of(arguments[0]), Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2])).run();
        Runtime.getRuntime().halt(0);
    }

    private static ConfigurableApplicationContext start(Path directory) {
        return new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(
                        "benchmark.directory=" + directory.toAbsolutePath(),
                        "logging.level.root=error",
                        "spring.main.banner-mode=off",
                        "spring.sql.init.mode=never",
                        "ktm.log-directory=" + directory.resolve("log"),
                        "narayana.log-dir=" + directory.resolve("log"),
                        "spring.jta.atomikos.properties.log-base-dir=" + directory.resolve("log"),
                        "spring.jta.atomikos.properties.max-actives=-1",
                        "spring.jta.atomikos.datasource.max-pool-size=16",
                        "spring.jta.atomikos.datasource.min-pool-size=16",
                        "narayana.transaction-manager-id=1")
                .run();
    }

    private void run() throws Exception {
        Files.createDirectories(directory);
        try (var context = start(directory)) {
            var manager =
                    context.getBeanProvider(PlatformTransactionManager.class).getIfAvailable();
            OUT.println("Spring Boot " + SpringBootVersion.getVersion() + ", Java " + Runtime.version());
            OUT.println(
                    manager == null
                            ? "no transaction manager"
                            : manager.getClass().getName() + " of " + classes());
            if (manager != null) {
                measureWork(context.getBean(Application.Shop.class));
            }
        }
        measureStart();
    }

    private void measureWork(Application.Shop shop) throws InterruptedException {
        shop.create();
        for (int callers : CALLERS) {
            sell(shop, callers, WARM_UP_MILLIS);
            var rates = new ArrayList<Double>();
            for (int round = 0; round < rounds; round++) {
                rates.add(sell(shop, callers, millis));
            }
            print(callers + " callers, transactions/s", rates);
        }
        OUT.println("rows in both: " + shop.sold());
        measureEmpty(shop);
    }

    private static String classes() {
        return Arrays.stream(System.getProperty("java.class.path").split(System.getProperty("path.separator")))
                .map(each -> Path.of(each).getFileName().toString())
                .filter(each ->
                        each.contains("ktm-jta") || each.contains("narayana") || each.contains("transactions-jta"))
                .toList()
                .toString();
    }

    private static double sell(Application.Shop shop, int callers, int millis) throws InterruptedException {
        var done = new LongAdder();
        var ready = new CountDownLatch(callers);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        BooleanSupplier goesOn = () -> System.nanoTime() < end;
        var threads = Executors.newFixedThreadPool(callers);
        long begin = System.nanoTime();
        for (int i = 0; i < callers; i++) {
            threads.execute(() -> {
                while (goesOn.getAsBoolean()) {
                    shop.sell();
                    done.increment();
                }
                ready.countDown();
            });
        }
        ready.await();
        double seconds = (System.nanoTime() - begin) / 1e9;
        threads.shutdown();
        return done.sum() / seconds;
    }

    /** Empty transactions through the same interceptor, with the transaction manager and with one that does nothing. */
    private void measureEmpty(Application.Shop shop) {
        var plain = new ProxyFactory(new Application.Empty());
        plain.addAdvice(new TransactionInterceptor(
                (org.springframework.transaction.TransactionManager) new Idle(),
                new AnnotationTransactionAttributeSource()));
        plain.setProxyTargetClass(true);
        var idle = (Application.Empty) plain.getProxy();
        var with = new ArrayList<Double>();
        var without = new ArrayList<Double>();
        for (int round = 0; round < rounds + 3; round++) {
            double one = nanosOf(shop::doNothing);
            double other = nanosOf(idle::doNothing);
            if (round >= 3) {
                with.add(one);
                without.add(other);
            }
        }
        print("an empty transaction, ns", with);
        print("the same by Spring alone, ns", without);
    }

    private static double nanosOf(Runnable what) {
        long begin = System.nanoTime();
        for (long i = 0; i < EMPTY_CALLS; i++) {
            what.run();
        }
        return (System.nanoTime() - begin) / (double) EMPTY_CALLS;
    }

    /** Each place is started in twice: the first time its databases, and a log if there is one, are made. */
    private void measureStart() throws IOException, InterruptedException {
        var first = new ArrayList<Double>();
        var again = new ArrayList<Double>();
        for (int i = 0; i < STARTS; i++) {
            var place = directory.resolve("start" + i);
            Files.createDirectories(place);
            first.add(startIn(place));
            again.add(startIn(place));
        }
        print("first start of the application, ms", first);
        print("start of the application, ms", again);
    }

    private static double startIn(Path place) throws IOException, InterruptedException {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        BootBenchmark.class.getName(),
                        "start",
                        place.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            var millis = lines.lines()
                    .filter(line -> line.startsWith("started "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(8)) / 1000)
                    .findFirst();
            return millis.orElseThrow(() -> new IOException("the application did not start in " + place));
        } finally {
            process.waitFor();
        }
    }

    private static void print(String what, List<Double> values) {
        var sorted = values.stream().sorted(Comparator.naturalOrder()).toList();
        OUT.printf(
                Locale.ROOT,
                "%s: %.0f (%.0f to %.0f)%n",
                what,
                sorted.get(sorted.size() / 2),
                sorted.get(0),
                sorted.get(sorted.size() - 1));
    }
}
