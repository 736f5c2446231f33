package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.rm.TransactionId;
import dev.ktm.testing.SimulatedJournal;
import dev.ktm.tm.ManualManagers;
import jakarta.transaction.RollbackException;
import jakarta.transaction.TransactionManager;
import java.time.Duration;
import org.jboss.tm.TransactionTimeoutConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is said of the time that a transaction has left, while time is made by hand. */
class TimeLeftTest {

    private ManualManagers managers;
    private JtaCoordinator jta;
    private TransactionManager manager;
    private TransactionTimeoutConfiguration timeouts;

    @BeforeEach
    void open() throws Exception {
        open(Duration.ofSeconds(60));
    }

    private void open(Duration defaultTimeout) throws Exception {
        managers = new ManualManagers(report -> {});
        var handle =
                managers.recover(new SimulatedJournal(SimulatedJournal.Disk.empty(), new SimulatedJournal.Watcher() {
                    @Override
                    public void step(String what) {}

                    @Override
                    public void ended(TransactionId id) {}
                }));
        jta = new JtaCoordinator(
                handle,
                new JtaCoordinator.Options(defaultTimeout, Duration.ofHours(1), false, Duration.ZERO, report -> {}));
        manager = jta.transactionManager();
        timeouts = (TransactionTimeoutConfiguration) manager;
    }

    @AfterEach
    void close() {
        jta.close();
        managers.managers().close();
    }

    private void pass(Duration time) {
        managers.pass(time.toNanos());
    }

    private void assertLeft(long millis) throws RollbackException {
        assertThat(timeouts.getTimeLeftBeforeTransactionTimeout(false)).isEqualTo(millis);
        assertThat(timeouts.getTimeLeftBeforeTransactionTimeout(true)).isEqualTo(millis);
    }

    private void assertRolledBack(String why) {
        assertThatThrownBy(() -> timeouts.getTimeLeftBeforeTransactionTimeout(true))
                .isInstanceOf(RollbackException.class)
                .hasMessageContaining(why);
    }

    @Test
    void withoutATransactionNothingIsSaid() throws Exception {
        assertLeft(-1);
    }

    @Test
    void itIsSaidInMilliseconds() throws Exception {
        manager.setTransactionTimeout(5);
        manager.begin();
        assertThat(timeouts.getTransactionTimeout()).isEqualTo(5);
        assertLeft(5_000);

        pass(Duration.ofMillis(4_998));

        assertLeft(2);
        manager.commit();
        assertLeft(-1);
    }

    @Test
    void oneThatNeverTimesOutHasNone() throws Exception {
        close();
        open(Duration.ZERO);
        manager.begin();

        pass(Duration.ofDays(1));

        assertLeft(-1);
        manager.commit();
    }

    @Test
    void oneThatIsMarkedForRollbackIsAnErrorOnlyIfThatIsWanted() throws Exception {
        manager.setTransactionTimeout(5);
        manager.begin();
        manager.setRollbackOnly();

        assertThat(timeouts.getTimeLeftBeforeTransactionTimeout(false)).isEqualTo(5_000);
        assertRolledBack("");
        manager.rollback();
        assertLeft(-1);
    }

    @Test
    void oneThatHasTimedOutIsAnErrorOnlyIfThatIsWanted() throws Exception {
        manager.setTransactionTimeout(5);
        manager.begin();

        pass(Duration.ofSeconds(5));

        assertThat(timeouts.getTimeLeftBeforeTransactionTimeout(false)).isEqualTo(-1);
        assertRolledBack("longer than PT5S");
        manager.rollback();
    }
}
