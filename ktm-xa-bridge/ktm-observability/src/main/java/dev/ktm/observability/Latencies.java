package dev.ktm.observability;

import dev.ktm.rm.Outcome;
import dev.ktm.tm.BranchAnswer;
import dev.ktm.tm.BranchCall;
import dev.ktm.tm.BranchObservation;
import dev.ktm.tm.KtmTransaction;
import dev.ktm.tm.TransactionEnd;
import dev.ktm.tm.TransactionObservation;
import dev.ktm.tm.TransactionObserver;
import dev.ktm.tm.TransactionPhase;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** How long transactions, their phases and the calls of their branches take, as histograms. Keeps nothing of a transaction. */
final class Latencies implements TransactionObserver, TransactionObservation {

    /** A commit takes some microseconds without a log, a call that hangs minutes. */
    private static final Duration[] BUCKETS = {
        Duration.ofNanos(100_000),
        Duration.ofNanos(250_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofNanos(2_500_000),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2500),
        Duration.ofSeconds(10),
        Duration.ofSeconds(60)
    };

    /** Names are of configuration, and few; where somebody makes them up there is an end to it. */
    private static final int MOST_NAMES = 100;

    private static final String OTHERS = "others";

    private record Called(String resourceManager, BranchCall.Operation operation, BranchAnswer.Kind answer) {}

    private final MeterRegistry registry;
    private final Tags tags;
    private final List<Meter> meters;
    private final Map<TransactionPhase, Timer> phases = new EnumMap<>(TransactionPhase.class);
    private final Map<Outcome, Timer> outcomes = new EnumMap<>(Outcome.class);
    private final Map<Called, Timer> calls = new ConcurrentHashMap<>();
    private final Map<String, Boolean> names = new ConcurrentHashMap<>();

    Latencies(MeterRegistry registry, Tags tags, List<Meter> meters) {
        this.registry = registry;
        this.tags = tags;
        this.meters = meters;
        for (var phase : TransactionPhase.values()) {
            phases.put(phase, timer("ktm.phases", "phases of the end of transactions", Tags.of("phase", name(phase))));
        }
        for (var outcome : Outcome.values()) {
            outcomes.put(
                    outcome,
                    timer(
                            "ktm.transactions",
                            "transactions, from their beginning to their end for their client",
                            Tags.of("outcome", name(outcome))));
        }
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private Timer timer(String name, String description, Tags more) {
        var timer = Timer.builder(name)
                .description(description)
                .tags(tags)
                .tags(more)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
        meters.add(timer);
        return timer;
    }

    @Override
    public TransactionObservation begun(KtmTransaction transaction) {
        return this;
    }

    @Override
    public void phaseEnded(TransactionPhase phase, long nanos) {
        var timer = phases.get(phase);
        if (timer != null) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public BranchObservation called(BranchCall call) {
        return new BranchObservation() {
            @Override
            public void answered(BranchAnswer answer) {
                calls.computeIfAbsent(
                                new Called(bounded(call.resourceManager()), call.operation(), answer.kind()),
                                Latencies.this::timer)
                        .record(answer.nanos(), TimeUnit.NANOSECONDS);
            }
        };
    }

    private String bounded(String name) {
        if (names.containsKey(name) || names.size() < MOST_NAMES) {
            names.put(name, true);
            return name;
        }
        return OTHERS;
    }

    private Timer timer(Called called) {
        return timer(
                "ktm.branch.calls",
                "calls of participants, by what they have answered",
                Tags.of(
                        "resource.manager",
                        called.resourceManager(),
                        "operation",
                        name(called.operation()),
                        "answer",
                        name(called.answer())));
    }

    @Override
    public void ended(TransactionEnd end) {
        var timer = outcomes.get(end.outcome());
        if (timer != null) {
            timer.record(end.nanos(), TimeUnit.NANOSECONDS);
        }
    }
}
