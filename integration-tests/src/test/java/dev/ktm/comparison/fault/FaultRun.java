package dev.ktm.comparison.fault;

import dev.ktm.comparison.fault.FaultLife.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;

/** Has something go wrong in processes of a product, and gathers what was seen. */
public final class FaultRun {

    /** Why a fact is missing. */
    static final String NOT_RUN = "notRun";

    private final Fault fault;
    private final FaultProduct product;
    private final FaultSize size;
    private final Path directory;
    private final Facts facts;
    private Optional<LogDisk> disk = Optional.empty();

    private FaultRun(Fault fault, FaultProduct product, FaultSize size, Path directory) {
        this.fault = fault;
        this.product = product;
        this.size = size;
        this.directory = directory;
        this.facts = new Facts(directory);
    }

    /** Whether a fault can be had on this machine; why not, otherwise. */
    public static Optional<String> missing(Fault fault) {
        return fault == Fault.LOG_FULL || fault == Fault.LOG_GONE ? LogDisk.missing() : Optional.empty();
    }

    /** Runs one in a new directory below this one. */
    public static Observation of(Fault fault, FaultProduct product, FaultSize size, Path below)
            throws IOException, InterruptedException {
        var missing = missing(fault);
        if (missing.isPresent()) {
            return new Observation(fault, product, java.util.Map.of(NOT_RUN, missing.get()));
        }
        Files.createDirectories(below);
        var directory = Files.createTempDirectory(below.toAbsolutePath(), fault + "-" + product + "-");
        var run = new FaultRun(fault, product, size, directory);
        try {
            run.run();
            return run.observation();
        } finally {
            if (run.disk.isPresent()) {
                run.disk.get().close();
            }
            if (!Boolean.getBoolean("ktm.comparison.keep")) {
                delete(directory);
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void run() throws IOException, InterruptedException {
        if (fault == Fault.LOG_FULL || fault == Fault.LOG_GONE) {
            disk = Optional.of(LogDisk.in(directory));
        }
        var log = disk.map(LogDisk::directory).orElse(directory).resolve("log");
        try (var work = start(Step.WORK, log)) {
            if (waitsForSomebody() && work.awaitReady()) {
                happen();
                work.goOn();
            }
            add(Step.WORK, work.awaitEnd());
        }
        if (fault == Fault.TIMEOUT) {
            return;
        }
        betweenTheLives();
        try (var recovery = start(Step.RECOVER, log)) {
            add(Step.RECOVER, recovery.awaitEnd());
        }
    }

    private LifeProcess start(Step step, Path log) throws IOException {
        return LifeProcess.start(fault, product, step, size, directory, log);
    }

    private void add(Step step, String end) {
        if (!end.isEmpty()) {
            facts.add("end." + step, end);
        }
    }

    private boolean waitsForSomebody() {
        return fault == Fault.LOG_FULL || fault == Fault.LOG_GONE || fault == Fault.SAME_NAME_ALIVE;
    }

    private void happen() throws IOException, InterruptedException {
        if (fault == Fault.LOG_FULL) {
            disk.orElseThrow().fill();
        } else if (fault == Fault.LOG_GONE) {
            disk.orElseThrow().fail();
        } else {
            other();
        }
    }

    /** Another process of the same name. */
    private void other() throws IOException, InterruptedException {
        try (var other = start(Step.OTHER, directory.resolve("other-log"))) {
            add(Step.OTHER, other.awaitEnd());
        }
        int rolledBack = 0;
        for (var each : FaultLife.resourceManagers(directory)) {
            rolledBack += (int) FaultLife.count(each, BranchState.ROLLED_BACK);
        }
        facts.add("other.rolledBack", rolledBack);
    }

    private void betweenTheLives() throws IOException, InterruptedException {
        var resourceManagers = FaultLife.resourceManagers(directory);
        switch (fault) {
            case LOG_FULL -> disk.orElseThrow().makeRoom();
            case LOG_GONE -> disk.orElseThrow().mountAgain();
            case RESOURCE_DOWN -> resourceManagers.get(0).goDown();
            case SAME_NAME_KILLED -> other();
            case COMMIT_UNANSWERED -> resourceManagers.get(1).comeBack();
            case INTERRUPT, UNDECIDED, SAME_NAME_ALIVE, TIMEOUT -> {
                // Nothing has to be changed.
            }
        }
    }

    private Observation observation() throws IOException {
        var all = facts.all();
        if (fault != Fault.TIMEOUT) {
            var states = FaultLife.resourceManagers(directory).stream()
                    .map(RecordedResourceManager::states)
                    .toList();
            all.putAll(Tally.of(new Answers(directory).all(), states));
        }
        return new Observation(fault, product, all);
    }
}
