package dev.ktm.observability;

import dev.ktm.Ktm;
import dev.ktm.log.LogStats;
import dev.ktm.operator.ManagerView;
import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.ResourceManagerView;
import dev.ktm.operator.TransactionView;
import dev.ktm.rm.RollbackCause;
import dev.ktm.tm.TransactionCounts;
import dev.ktm.tm.TransactionInspection;
import dev.ktm.tm.TransactionObserver;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The figures of a coordinator for Micrometer. What is counted and measured is told in {@code docs/observability.md}. Latencies are those of
 * transactions that begin after the binding; counts are since the coordinator was opened.
 *
 * <p>Figures of a closed coordinator are no numbers. Several coordinators in one registry need tags that tell them apart. Safe for
 * many threads.
 */
public final class KtmMetrics implements MeterBinder, AutoCloseable {

    private final Ktm ktm;
    private final Tags tags;
    private final List<Bound> bound = new CopyOnWriteArrayList<>();

    /** What was done to one registry. */
    private record Bound(MeterRegistry registry, List<Meter> meters, TransactionObserver.Registration watching) {}

    /** Without tags. */
    public KtmMetrics(Ktm ktm) {
        this(ktm, List.of());
    }

    /** With these tags at every meter. */
    public KtmMetrics(Ktm ktm, Iterable<Tag> tags) {
        this.ktm = ktm;
        this.tags = Tags.of(tags);
    }

    /** A question to the coordinator. */
    private interface Question<T> {
        T ask(Operations operations) throws OperatorException;
    }

    /** The answer as a number; no number if the coordinator cannot be asked any more. */
    private static <T> ToDoubleFunction<Operations> number(Question<T> question, ToDoubleFunction<T> part) {
        return operations -> {
            try {
                return part.applyAsDouble(question.ask(operations));
            } catch (OperatorException | RuntimeException e) {
                return Double.NaN;
            }
        };
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        var meters = new CopyOnWriteArrayList<Meter>();
        var figures = new Figures(registry, meters);
        figures.bindCounts();
        figures.bindStates();
        figures.bindLog();
        figures.bindBranches();
        var latencies = new Latencies(registry, tags, meters);
        bound.add(new Bound(registry, meters, ktm.observe(latencies)));
    }

    /** Takes every meter out of every registry again, and watches no longer. */
    @Override
    public void close() {
        for (var each : bound) {
            each.watching().close();
            each.meters().forEach(each.registry()::remove);
        }
        bound.clear();
    }

    /** The meters that are asked when somebody reads them. */
    private final class Figures {
        private final MeterRegistry registry;
        private final List<Meter> meters;
        /** What the meters hold on to, weakly. */
        private final Operations operations = ktm.operations();

        Figures(MeterRegistry registry, List<Meter> meters) {
            this.registry = registry;
            this.meters = meters;
        }

        private void count(String name, String description, ToDoubleFunction<TransactionCounts> part, String... more) {
            meters.add(FunctionCounter.builder(name, operations, number(Operations::counts, part))
                    .description(description)
                    .tags(tags)
                    .tags(more)
                    .register(registry));
        }

        void bindCounts() {
            count("ktm.transactions.begun", "transactions that have begun", TransactionCounts::begun);
            count("ktm.transactions.committed", "transactions that are committed", TransactionCounts::committed);
            count(
                    "ktm.transactions.committed.one.phase",
                    "committed transactions whose only participant has decided",
                    TransactionCounts::onePhase);
            count(
                    "ktm.transactions.committed.read.only",
                    "committed transactions in which nobody had anything to commit",
                    TransactionCounts::readOnly);
            for (var cause : RollbackCause.values()) {
                count(
                        "ktm.transactions.rolled.back",
                        "transactions that are rolled back, by who or what had it done",
                        counts -> counts.rolledBack().getOrDefault(cause, 0L),
                        "cause",
                        cause.name().toLowerCase(Locale.ROOT));
            }
            count(
                    "ktm.transactions.unknown",
                    "transactions whose client was told that nobody knows the outcome",
                    TransactionCounts::unknown);
            count(
                    "ktm.transactions.heuristic",
                    "reports of participants that did otherwise than was decided, or may have",
                    TransactionCounts::heuristic);
        }

        private void gauge(String name, String description, ToDoubleFunction<ManagerView> part) {
            gauge(name, description, number(Operations::manager, part), "");
        }

        private void gauge(String name, String description, ToDoubleFunction<Operations> value, String unit) {
            meters.add(Gauge.builder(name, operations, value)
                    .description(description)
                    .baseUnit(unit.isEmpty() ? null : unit)
                    .tags(tags)
                    .register(registry));
        }

        void bindStates() {
            gauge(
                    "ktm.online",
                    "1 if the coordinator takes transactions, otherwise 0",
                    view -> view.isOnline() ? 1 : 0);
            gauge("ktm.transactions.live", "transactions that have not ended", ManagerView::live);
            gauge(
                    "ktm.transactions.unfinished",
                    "transactions that the log has to keep: decided, or prepared for somebody else who decides",
                    ManagerView::unfinished);
            gauge(
                    "ktm.transactions.in.doubt",
                    "transactions that wait for a decision which an operator may give",
                    ManagerView::inDoubt);
            gauge(
                    "ktm.transactions.damaged",
                    "transactions some of whose participants did otherwise than was decided",
                    ManagerView::damaged);
            meters.add(TimeGauge.builder(
                            "ktm.transactions.oldest.age",
                            operations,
                            TimeUnit.NANOSECONDS,
                            number(Operations::transactions, KtmMetrics::oldestNanos))
                    .description("age of the oldest transaction that has not ended; 0 if there is none")
                    .tags(tags)
                    .register(registry));
        }

        private void countOfLog(String name, String description, ToDoubleFunction<LogStats> part, String unit) {
            meters.add(FunctionCounter.builder(name, operations, number(Operations::logStats, zeroWithoutLog(part)))
                    .description(description)
                    .baseUnit(unit.isEmpty() ? null : unit)
                    .tags(tags)
                    .register(registry));
        }

        void bindLog() {
            gauge(
                    "ktm.log.used",
                    "share of the log that is in use; 0 if there is none",
                    view -> view.log().map(ManagerView.LogView::usedShare).orElse(0.0));
            gauge(
                    "ktm.log.capacity",
                    "what the log holds",
                    number(
                            Operations::manager,
                            view -> view.log()
                                    .map(ManagerView.LogView::capacityBytes)
                                    .orElse(0L)),
                    BaseUnits.BYTES);
            countOfLog("ktm.log.forces", "writes to the device, each of which was forced", LogStats::frames, "");
            countOfLog("ktm.log.records", "records in them; by forces: the size of a batch", LogStats::records, "");
            countOfLog("ktm.log.written", "bytes in them", LogStats::writtenBytes, BaseUnits.BYTES);
            meters.add(TimeGauge.builder(
                            "ktm.log.write",
                            operations,
                            TimeUnit.NANOSECONDS,
                            number(Operations::logStats, zeroWithoutLog(LogStats::writeNanos)))
                    .description("usual duration of a write to the device and its force")
                    .tags(tags)
                    .register(registry));
        }

        void bindBranches() {
            var pending = new PendingGauges(registry, tags, meters);
            gauge(
                    "ktm.resource.managers",
                    "resource managers that are registered or open, or that branches wait for",
                    number(pending::follow, List::size),
                    "");
            try {
                pending.follow(operations);
            } catch (OperatorException e) {
                System.getLogger(KtmMetrics.class.getName())
                        .log(System.Logger.Level.DEBUG, "the coordinator cannot be asked", e);
            }
        }
    }

    /**
     * A gauge for each resource manager that branches can wait for. These come and go: who reads how many there are has those that are new
     * from the next reading on, and those that are gone no more. Holds on to no coordinator.
     */
    private static final class PendingGauges {
        private final MeterRegistry registry;
        private final Tags tags;
        private final List<Meter> meters;
        private final Map<String, Meter> byName = new ConcurrentHashMap<>();

        PendingGauges(MeterRegistry registry, Tags tags, List<Meter> meters) {
            this.registry = registry;
            this.tags = tags;
            this.meters = meters;
        }

        List<ResourceManagerView> follow(Operations operations) throws OperatorException {
            var all = operations.resourceManagers();
            var names = all.stream()
                    .filter(each -> each.kind() != TransactionInspection.Kind.NATIVE || each.pending() > 0)
                    .map(ResourceManagerView::name)
                    .collect(Collectors.toSet());
            names.forEach(name -> byName.computeIfAbsent(name, same -> bound(operations, same)));
            for (var gone : byName.keySet()) {
                if (!names.contains(gone)) {
                    byName.computeIfPresent(gone, (same, meter) -> {
                        registry.remove(meter);
                        meters.remove(meter);
                        return null;
                    });
                }
            }
            return all;
        }

        private Meter bound(Operations operations, String name) {
            var meter = Gauge.builder(
                            "ktm.branches.pending",
                            operations,
                            number(Operations::resourceManagers, all -> pendingOf(name, all)))
                    .description("branches that wait to be finished by their resource manager")
                    .tags(tags)
                    .tag("resource.manager", name)
                    .register(registry);
            meters.add(meter);
            return meter;
        }
    }

    private static double pendingOf(String name, List<ResourceManagerView> all) {
        return all.stream()
                .filter(each -> each.name().equals(name))
                .mapToLong(ResourceManagerView::pending)
                .sum();
    }

    private static double oldestNanos(List<TransactionView> all) {
        return all.stream()
                .map(TransactionView::age)
                .max(Comparator.naturalOrder())
                .map(Duration::toNanos)
                .orElse(0L);
    }

    private static ToDoubleFunction<Optional<LogStats>> zeroWithoutLog(ToDoubleFunction<LogStats> part) {
        return stats -> stats.isEmpty() ? 0 : part.applyAsDouble(stats.get());
    }
}
