package dev.ktm.servers;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.rm.OutcomeReport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A coordinator with two resource managers, and the transactions that it makes over them. */
final class Coordinator implements AutoCloseable {

    private static final Duration LONGEST_RECOVERY = Duration.ofSeconds(60);
    /** Recovery happens when the test wants it, and when something is left. */
    private static final Duration NEVER_BY_ITSELF = Duration.ofHours(1);

    private static final long CONTAINER_BYTES = 1 << 20;

    private final Ktm ktm;
    private final Client first;
    private final Client second;
    private final List<OutcomeReport> reports;

    private Coordinator(Ktm ktm, Client first, Client second, List<OutcomeReport> reports) {
        this.ktm = ktm;
        this.first = first;
        this.second = second;
        this.reports = reports;
    }

    /** Opens it; where its log is, and how it works, is in the options. */
    static Coordinator open(KtmOptions.Builder options, Client first, Client second) {
        var reports = new CopyOnWriteArrayList<OutcomeReport>();
        var ktm = Ktm.open(options.recoveryInterval(NEVER_BY_ITSELF)
                .logOptions(LogOptions.builder()
                        .containerBytes(CONTAINER_BYTES)
                        .idleFlush(NEVER_BY_ITSELF)
                        .build())
                .reportListener(reports::add)
                .build());
        ktm.register("first", first.recovery());
        ktm.register("second", second.recovery());
        return new Coordinator(ktm, first, second, reports);
    }

    Ktm ktm() {
        return ktm;
    }

    /** What was reported so far, for the message of a failing test. */
    List<OutcomeReport> reports() {
        return reports;
    }

    /** Both sessions of a transaction that is about to begin. */
    Work work() throws Exception {
        var one = first.open();
        try {
            return new Work(ktm, one, second.open());
        } catch (Exception | Error e) {
            one.close();
            throw e;
        }
    }

    /** One transaction over both. */
    void commit(String key, Steps steps) throws Exception {
        try (var work = work()) {
            work.begin(key, steps);
            ktm.transactionManager().commit();
        }
    }

    /** Recovers until nothing is prepared anywhere. */
    void settle(Client... clients) {
        Patience.within(LONGEST_RECOVERY).until(() -> {
            ktm.recoverNow();
            boolean done = true;
            for (var each : clients) {
                done &= each.prepared().isEmpty();
            }
            return done;
        });
        // What is not listed any more has to be seen once.
        ktm.recoverNow();
    }

    @Override
    public void close() {
        ktm.close();
    }

    /** The connections of one transaction. They are closed whatever state they are in. */
    record Work(Ktm ktm, Session first, Session second) implements AutoCloseable {

        void begin(String key, Steps steps) throws Exception {
            ktm.transactionManager().begin();
            var transaction = ktm.transactionManager().getTransaction();
            transaction.enlistResource(ktm.named("first", new SteppedResource("first", first.xaResource(), steps)));
            transaction.enlistResource(ktm.named("second", new SteppedResource("second", second.xaResource(), steps)));
            first.write(key);
            second.write(key);
        }

        @Override
        public void close() {
            for (var each : new Session[] {first, second}) {
                try {
                    each.close();
                } catch (Exception e) {
                    // Its server may be gone: then there is nothing to close.
                }
            }
        }
    }
}
