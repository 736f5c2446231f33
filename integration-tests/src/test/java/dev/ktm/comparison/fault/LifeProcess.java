package dev.ktm.comparison.fault;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.log.testing.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A {@link FaultLife} that was started. */
final class LifeProcess implements AutoCloseable {

    private static final int MOST_SECONDS = 400;

    private final Process process;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final CountDownLatch silent = new CountDownLatch(1);

    private LifeProcess(Process process) {
        this.process = process;
        var reader = new Thread(this::read);
        reader.setDaemon(true);
        reader.start();
    }

    static LifeProcess start(
            Fault fault, FaultProduct product, FaultLife.Step step, FaultSize size, Path directory, Path log)
            throws IOException {
        var command = JavaCommand.of(
                List.of(), FaultLife.class.getName(), fault, product, step, size, directory.toAbsolutePath(), log);
        var builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(directory.resolve("errors." + step).toFile());
        return new LifeProcess(builder.start());
    }

    /** Some products print of their own accord. */
    private void read() {
        try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.equals(FaultLife.READY)) {
                    ready.countDown();
                }
            }
        } catch (IOException e) {
            // It is dead.
        }
        silent.countDown();
        ready.countDown();
    }

    /** Waits until it says that somebody else has to act, or ends; returns whether it lives. */
    boolean awaitReady() throws InterruptedException {
        return ready.await(MOST_SECONDS, TimeUnit.SECONDS) && silent.getCount() > 0;
    }

    void goOn() {
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        } catch (IOException e) {
            // It has died meanwhile, and what it has not answered will be missed.
        }
    }

    /** Waits for its end; returns what is wrong with that, or nothing. */
    String awaitEnd() throws InterruptedException {
        if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
            return "hangs";
        }
        return process.exitValue() == 0 ? "" : "failed";
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
