package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.transaction.RollbackException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many threads at once. */
@Timeout(120)
class ConcurrencyTest {

    private static final int THREADS = 6;
    private static final int TRANSFERS = 300;
    private static final int ACCOUNTS = 5;

    private Site site;

    @BeforeEach
    void open() throws Exception {
        site = new Site();
    }

    @AfterEach
    void close() {
        site.close();
    }

    private static int sum(List<RegistryValue> values) {
        return values.stream().mapToInt(value -> value.asInt().orElseThrow()).sum();
    }

    /** Whether it was committed. */
    private boolean transfer(SplittableRandom random) throws Exception {
        site.begin();
        var key = site.registry().transactedRoot().openKey("accounts");
        var from = "account " + random.nextInt(ACCOUNTS);
        var to = "account " + random.nextInt(ACCOUNTS);
        try {
            // Writing first keeps everybody else away from what is read then.
            key.setValue(RegistryValue.dword("lock " + from, 0));
            key.setValue(RegistryValue.dword("lock " + to, 0));
            key.setValue(RegistryValue.dword(from, key.value(from).asInt().orElseThrow() - 1));
            key.setValue(RegistryValue.dword(to, key.value(to).asInt().orElseThrow() + 1));
            if (random.nextInt(10) == 0) {
                site.rollback();
                return false;
            }
        } catch (RegistryException e) {
            assertThat(e.error()).isIn(RegistryError.TRANSACTIONAL_CONFLICT, RegistryError.TRANSACTION_ALREADY_ABORTED);
            site.rollback();
            return false;
        }
        try {
            site.commit();
            return true;
        } catch (RollbackException e) {
            return false;
        }
    }

    @Test
    void aReaderSeesAllOfACommitOrNothingWhileCheckpointsPlainWritesAndConflictsGoOn() throws Exception {
        var accounts = site.root().createKey("accounts");
        for (int i = 0; i < ACCOUNTS; i++) {
            accounts.setValue(RegistryValue.dword("account " + i, 100));
        }
        var committed = new AtomicInteger();
        var done = new AtomicBoolean();
        var tasks = new ArrayList<Callable<Boolean>>();
        for (int thread = 0; thread < THREADS; thread++) {
            long seed = thread;
            tasks.add(() -> {
                var random = new SplittableRandom(seed);
                for (int i = 0; i < TRANSFERS; i++) {
                    if (transfer(random)) {
                        committed.incrementAndGet();
                    }
                }
                return true;
            });
        }
        var executor = Executors.newCachedThreadPool();
        try {
            var looking = executor.submit(() -> {
                int looks = 0;
                while (!done.get()) {
                    assertThat(sum(accounts.values())).isEqualTo(ACCOUNTS * 100);
                    if (looks++ % 100 == 0) {
                        // Nobody else has it, so it harms nobody.
                        accounts.createKey("below").setValue(RegistryValue.dword("looks", looks));
                        site.registry().checkpoint();
                    }
                }
                return true;
            });
            for (Future<Boolean> task : executor.invokeAll(tasks)) {
                assertThat(task.get()).isTrue();
            }
            done.set(true);
            assertThat(looking.get()).isTrue();
        } finally {
            done.set(true);
            executor.shutdownNow();
        }

        assertThat(committed.get()).isGreaterThan(THREADS);
        assertThat(site.registry().main().locks().isEmpty()).isTrue();
        var before = Site.contentOf(site.root());
        site.registry().flush();
        site.crash();
        assertThat(Site.contentOf(site.root())).isEqualTo(before);
    }
}
