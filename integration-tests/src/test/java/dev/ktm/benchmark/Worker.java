package dev.ktm.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A process of its own in which one transaction manager lives and works when it is told to: some can be there only once
 * in a process, and none should share a heap and a compiler with another.
 */
final class Worker implements AutoCloseable {

    /** In front of what a worker answers, for products that say things of their own. */
    private static final String ANSWER = "answer ";

    private static final List<String> OPTIONS = List.of("-Xms512m", "-Xmx512m");
    private static final int SECONDS_TO_ANSWER = 30;
    private static final int SECONDS_TO_CLOSE = 20;

    private final Process process;
    private final BufferedReader answers;
    private final PrintWriter requests;

    /** Starts one for a product, which opens in this empty directory. */
    Worker(Product product, Path directory) throws IOException {
        this(directory.toString(), product.name());
    }

    /** Starts one for a product that works in a site of its own in this empty directory. */
    Worker(BridgeProduct product, Workload workload, Path directory) throws IOException {
        this(directory.toString(), product.name(), workload.name());
    }

    private Worker(String... arguments) throws IOException {
        this.process = NewMachine.start(Worker.class, OPTIONS, arguments);
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
        this.requests =
                new PrintWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.US_ASCII), true);
    }

    /** What is measured by asking it; closing that leaves it at work. */
    Measured measured() {
        return new Measured() {
            @Override
            public Work work(Scenario scenario, long windowNanos) throws Exception {
                requests.println(scenario.callers() + " " + scenario.threads() + " " + windowNanos);
                return Work.parse(await(windowNanos));
            }

            @Override
            public void close() {
                // Others will ask it again.
            }
        };
    }

    /** What it answers; some products hang. */
    private String await(long windowNanos) throws IOException, InterruptedException {
        var answer = CompletableFuture.supplyAsync(this::read);
        try {
            return answer.get(10 * windowNanos + TimeUnit.SECONDS.toNanos(SECONDS_TO_ANSWER), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            process.destroyForcibly();
            throw new IOException("the product hangs", e);
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(e.getCause()), e);
        }
    }

    private String read() {
        try {
            String line;
            do {
                line = answers.readLine();
                if (line == null) {
                    throw new IOException("the worker has ended");
                }
            } while (!line.startsWith(ANSWER));
            return line.substring(ANSWER.length());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        requests.close();
        try {
            if (!process.waitFor(SECONDS_TO_CLOSE, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
        answers.close();
    }

    private static DurableLog open(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        return arguments.length == 2
                ? Product.valueOf(arguments[1]).open(directory)
                : BridgeProduct.valueOf(arguments[1]).open(Workload.valueOf(arguments[2]), directory);
    }

    /** The worker itself: its directory, the product, and perhaps what it works in. */
    public static void main(String[] arguments) throws Exception {
        Console.silenceLoggers();
        endWithParent();
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        try (var product = open(arguments)) {
            for (var line = input.readLine(); line != null; line = input.readLine()) {
                System.out.println(ANSWER + answer(product, line.split(" ")));
            }
        } finally {
            // Some products leave threads behind.
            Runtime.getRuntime().halt(0);
        }
    }

    /** Also if the product hangs. */
    private static void endWithParent() {
        var parent = ProcessHandle.current().parent().orElseThrow();
        var guard = new Thread(() -> {
            parent.onExit().join();
            Runtime.getRuntime().halt(1);
        });
        guard.setDaemon(true);
        guard.start();
    }

    private static String answer(DurableLog product, String[] request) {
        var scenario =
                new Scenario("", directory -> product, Integer.parseInt(request[0]), ThreadKind.valueOf(request[1]), 0);
        try {
            var begin = Usage.now();
            var work = product.work(scenario, Long.parseLong(request[2]));
            long cpuNanos = Usage.now().processCpuNanos() - begin.processCpuNanos();
            return work.format(cpuNanos);
        } catch (Exception e) {
            return "failed: " + String.valueOf(e).replace('\n', ' ');
        }
    }
}
