package dev.ktm.servers;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Until;
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
    private final Participant first;
    private final Participant second;
    private final List<OutcomeReport> reports;

    private Coordinator(Ktm ktm, Participant first, Participant second, List<OutcomeReport> reports) {
        this.ktm = ktm;
        this.first = first;
        this.second = second;
        this.reports = reports;
    }

    /** Opens it; where its log is, and how it works, is in the options. */
    static Coordinator open(KtmOptions.Builder options, Way way, Client first, Client second) throws Exception {
        var reports = new CopyOnWriteArrayList<OutcomeReport>();
        var ktm = Ktm.open(options.recoveryInterval(NEVER_BY_ITSELF)
                .logOptions(LogOptions.builder()
                        .containerBytes(CONTAINER_BYTES)
                        .idleFlush(NEVER_BY_ITSELF)
                        .build())
                .reportListener(reports::add)
                .build());
        try {
            var coordinator = new Coordinator(
                    ktm, way.participant(ktm, "first", first), way.participant(ktm, "second", second), reports);
            // What recovery does at the start is over: nothing of it is in the way of what happens to transactions.
            ktm.recoverNow();
            return coordinator;
        } catch (Exception | Error e) {
            ktm.close();
            throw e;
        }
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

    Participant first() {
        return first;
    }

    Participant second() {
        return second;
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
        Until.answers(LONGEST_RECOVERY, () -> {
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

    /** Waits until every connection is back. */
    void awaitIdle() {
        Until.answers(LONGEST_RECOVERY, () -> first.busy() == 0 && second.busy() == 0);
    }

    @Override
    public void close() throws Exception {
        try (ktm;
                first;
                second) {
            // Closes them in order, whatever happens.
        }
    }

    /** The connections of one transaction. They are closed whatever state they are in. */
    record Work(Ktm ktm, Participant.Work first, Participant.Work second) implements AutoCloseable {

        void begin(String key, Steps steps) throws Exception {
            ktm.transactionManager().begin();
            first.join(steps);
            second.join(steps);
            first.write(key);
            second.write(key);
        }

        @Override
        public void close() {
            for (var each : List.of(first, second)) {
                try {
                    each.close();
                } catch (Exception e) {
                    // Its server may be gone: then there is nothing to close.
                }
            }
        }
    }
}
