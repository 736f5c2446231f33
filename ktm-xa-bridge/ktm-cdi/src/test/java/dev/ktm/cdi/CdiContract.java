package dev.ktm.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.cdi.Beans.OutOfStock;
import dev.ktm.cdi.Beans.Sale;
import dev.ktm.cdi.Beans.Shop;
import dev.ktm.cdi.Beans.SoldOut;
import jakarta.enterprise.context.ContextNotActiveException;
import jakarta.enterprise.context.spi.Contextual;
import jakarta.enterprise.context.spi.CreationalContext;
import jakarta.enterprise.inject.se.SeContainer;
import jakarta.enterprise.inject.se.SeContainerInitializer;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.enterprise.inject.spi.CDIProvider;
import jakarta.transaction.InvalidTransactionException;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import jakarta.transaction.Synchronization;
import jakarta.transaction.Transaction;
import jakarta.transaction.TransactionRequiredException;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.TransactionalException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.jboss.tm.usertx.UserTransactionProvider;
import org.jboss.tm.usertx.UserTransactionRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What every container does with the extension. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
abstract class CdiContract {

    private SeContainer container;
    private Shop shop;

    abstract SeContainerInitializer initializer();

    abstract CDIProvider provider();

    @BeforeAll
    void open() {
        container = initializer().initialize();
        // Both are on this class path, so it has to be said whose is the current one.
        CDI.setCDIProvider(provider());
        shop = container.select(Shop.class).get();
    }

    @AfterAll
    void close() {
        container.close();
    }

    @BeforeEach
    @AfterEach
    void noTransaction() throws Exception {
        // Taken away, so that what one test leaves is no business of the next.
        assertThat(shop.manager.suspend()).isNull();
        shop.userTransaction.getStatus();
    }

    private final class Ran implements Callable<Void> {
        private final AtomicReference<Transaction> in = new AtomicReference<>();
        private AtomicInteger ending = new AtomicInteger(-1);

        @Override
        public Void call() throws Exception {
            in.set(shop.current());
            if (shop.current() != null) {
                ending = shop.ending();
            }
            return null;
        }
    }

    private Ran ran() {
        return new Ran();
    }

    private static Callable<Void> then(Callable<?> first, Exception thrown) {
        return () -> {
            first.call();
            throw thrown;
        };
    }

    @Test
    void requiredBeginsOneOrJoins() throws Exception {
        var alone = ran();
        shop.service.required(alone);
        assertThat(alone.in.get()).isNotNull();
        assertThat(alone.ending).hasValue(Status.STATUS_COMMITTED);

        shop.userTransaction.begin();
        var joined = ran();
        shop.service.required(joined);
        assertThat(joined.in.get()).isEqualTo(shop.current());
        assertThat(joined.ending).hasValue(Status.STATUS_UNKNOWN);
        shop.userTransaction.commit();
        assertThat(joined.ending).hasValue(Status.STATUS_COMMITTED);
    }

    @Test
    void theAnnotationOfTheClassCountsAndThatOfTheMethodMore() throws Exception {
        var work = ran();
        shop.service.byClass(work);
        assertThat(work.ending).hasValue(Status.STATUS_COMMITTED);
        assertThat(container.select(Beans.Serious.class).get().isInTransaction(shop.manager))
                .isTrue();
    }

    @Test
    void requiresNewSuspendsTheCallers() throws Exception {
        shop.userTransaction.begin();
        var callers = shop.current();
        var own = ran();
        shop.service.requiresNew(own);
        assertThat(own.in.get()).isNotNull().isNotEqualTo(callers);
        assertThat(own.ending).hasValue(Status.STATUS_COMMITTED);
        assertThat(shop.current()).isEqualTo(callers);

        var failing = ran();
        assertThatThrownBy(() -> shop.service.requiresNew(then(failing, new IllegalStateException("no"))))
                .hasMessage("no");
        assertThat(failing.ending).hasValue(Status.STATUS_ROLLEDBACK);
        assertThat(shop.current()).isEqualTo(callers);
        assertThat(shop.manager.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        shop.userTransaction.commit();
    }

    @Test
    void mandatoryWantsTheCallers() throws Exception {
        var work = ran();
        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.mandatory(work))
                .withCauseInstanceOf(TransactionRequiredException.class)
                .withMessageContaining("mandatory");
        assertThat(work.in.get()).isNull();

        shop.userTransaction.begin();
        shop.service.mandatory(work);
        assertThat(work.in.get()).isEqualTo(shop.current());
        shop.userTransaction.commit();
    }

    @Test
    void supportsTakesWhatThereIs() throws Exception {
        var alone = ran();
        shop.service.supports(alone);
        assertThat(alone.in.get()).isNull();
        shop.userTransaction.begin();
        var joined = ran();
        shop.service.supports(joined);
        assertThat(joined.in.get()).isEqualTo(shop.current());
        assertThatThrownBy(() -> shop.service.supports(then(joined, new IllegalStateException("no"))))
                .hasMessage("no");
        assertThat(shop.manager.getStatus()).isEqualTo(Status.STATUS_MARKED_ROLLBACK);
        shop.userTransaction.rollback();
    }

    @Test
    void notSupportedSuspendsAndNeverRefuses() throws Exception {
        shop.userTransaction.begin();
        var callers = shop.current();
        var work = ran();
        shop.service.notSupported(work);
        assertThat(work.in.get()).isNull();
        assertThat(shop.current()).isEqualTo(callers);
        assertThatThrownBy(() -> shop.service.notSupported(then(work, new IllegalStateException("no"))))
                .hasMessage("no");
        assertThat(shop.manager.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.never(work))
                .withCauseInstanceOf(InvalidTransactionException.class);
        shop.userTransaction.commit();
        shop.service.never(work);
        assertThat(work.in.get()).isNull();
    }

    @Test
    void uncheckedExceptionsRollBackAndCheckedOnesDoNot() throws Exception {
        var unchecked = ran();
        assertThatThrownBy(() -> shop.service.required(then(unchecked, new IllegalStateException("no"))))
                .isInstanceOf(IllegalStateException.class);
        assertThat(unchecked.ending).hasValue(Status.STATUS_ROLLEDBACK);

        var checked = ran();
        assertThatThrownBy(() -> shop.service.required(then(checked, new OutOfStock())))
                .isInstanceOf(OutOfStock.class);
        assertThat(checked.ending).hasValue(Status.STATUS_COMMITTED);

        var error = ran();
        assertThatThrownBy(() -> shop.service.required(() -> {
                    error.call();
                    throw new AssertionError("no");
                }))
                .isInstanceOf(AssertionError.class);
        assertThat(error.ending).hasValue(Status.STATUS_ROLLEDBACK);
    }

    @Test
    void whatMustNotRollBackComesBeforeWhatMust() throws Exception {
        var must = ran();
        assertThatThrownBy(() -> shop.service.byClass(then(must, new OutOfStock())))
                .isInstanceOf(OutOfStock.class);
        assertThat(must.ending).hasValue(Status.STATUS_ROLLEDBACK);

        var mustNot = ran();
        assertThatThrownBy(() -> shop.service.byClass(then(mustNot, new SoldOut())))
                .isInstanceOf(SoldOut.class);
        assertThat(mustNot.ending).hasValue(Status.STATUS_COMMITTED);

        var forgiven = ran();
        assertThatThrownBy(() -> shop.service.forgiving(then(forgiven, new IllegalArgumentException("no"))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(forgiven.ending).hasValue(Status.STATUS_COMMITTED);

        var byStereotype = ran();
        assertThatThrownBy(() -> shop.byStereotype.run(then(byStereotype, new OutOfStock())))
                .isInstanceOf(OutOfStock.class);
        assertThat(byStereotype.ending).hasValue(Status.STATUS_ROLLEDBACK);

        var byBinding = ran();
        assertThatThrownBy(() -> shop.byBinding.run(then(byBinding, new OutOfStock())))
                .isInstanceOf(OutOfStock.class);
        assertThat(byBinding.ending).hasValue(Status.STATUS_ROLLEDBACK);

        var byBindingOfItsMethod = ran();
        assertThatThrownBy(() -> shop.byBindingOfItsMethod.run(then(byBindingOfItsMethod, new OutOfStock())))
                .isInstanceOf(OutOfStock.class);
        assertThat(byBindingOfItsMethod.ending).hasValue(Status.STATUS_ROLLEDBACK);
    }

    @Test
    void whatIsJoinedIsMarkedAndLeftToItsOwner() throws Exception {
        shop.userTransaction.begin();
        assertThatThrownBy(() -> shop.service.required(then(ran(), new IllegalStateException("no"))))
                .hasMessage("no");
        assertThat(shop.manager.getStatus()).isEqualTo(Status.STATUS_MARKED_ROLLBACK);
        assertThatThrownBy(shop.userTransaction::commit).isInstanceOf(RollbackException.class);
    }

    @Test
    void whatItsMethodHasMarkedIsRolledBackWithoutAWord() throws Exception {
        var work = ran();
        shop.service.required(() -> {
            work.call();
            shop.registry.setRollbackOnly();
            return null;
        });
        assertThat(work.ending).hasValue(Status.STATUS_ROLLEDBACK);
    }

    @Test
    void whatCannotBeCommittedIsToldAlsoWithAnotherException() {
        Callable<Void> rolledBackBehindItsBack = () -> {
            shop.manager.rollback();
            return null;
        };
        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.required(rolledBackBehindItsBack))
                .withMessageContaining("required")
                .withMessageContaining("was not left as it was");
        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.required(then(rolledBackBehindItsBack, new SoldOut())))
                .satisfies(e -> assertThat(e.getSuppressed()).hasAtLeastOneElementOfType(SoldOut.class));
        assertThatThrownBy(() -> shop.service.required(then(rolledBackBehindItsBack, new IllegalStateException("no"))))
                .hasMessage("no");
        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.required(() -> {
                    shop.manager.commit();
                    throw new IllegalStateException("no");
                }))
                .satisfies(e -> assertThat(e.getSuppressed()).hasAtLeastOneElementOfType(IllegalStateException.class));
    }

    /** Begins one that nobody ends, and fails. */
    private Callable<Void> leaving(Ran left) {
        return () -> {
            shop.userTransaction.begin();
            left.call();
            throw new IllegalStateException("no");
        };
    }

    private void theThreadIsFree() throws Exception {
        assertThat(shop.current()).isNull();
        var later = ran();
        shop.service.required(later);
        assertThat(later.ending).hasValue(Status.STATUS_COMMITTED);
    }

    @Test
    void whatAMethodLeavesBehindIsRolledBackAndSoIsItsCallers() throws Exception {
        var callers = ran();
        var left = ran();

        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.required(() -> {
                    callers.call();
                    return shop.service.notSupported(leaving(left));
                }))
                .withMessageContaining("notSupported")
                .satisfies(e -> assertThat(e.getSuppressed()).hasAtLeastOneElementOfType(IllegalStateException.class));

        assertThat(callers.ending).hasValue(Status.STATUS_ROLLEDBACK);
        assertThat(left.ending).hasValue(Status.STATUS_ROLLEDBACK);
        theThreadIsFree();
    }

    @Test
    void whatAMethodLeavesBehindWithoutACallersIsRolledBack() throws Exception {
        var left = ran();
        var leftInSilence = ran();

        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.never(leaving(left)))
                .satisfies(e -> assertThat(e.getSuppressed()).hasAtLeastOneElementOfType(IllegalStateException.class));
        theThreadIsFree();
        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.supports(() -> {
                    shop.manager.begin();
                    return leftInSilence.call();
                }));

        assertThat(left.ending).hasValue(Status.STATUS_ROLLEDBACK);
        assertThat(leftInSilence.ending).hasValue(Status.STATUS_ROLLEDBACK);
        theThreadIsFree();
    }

    @Test
    void whatAMethodSuspendsOrReplacesIsRolledBack() throws Exception {
        var suspended = ran();
        var replaced = ran();
        var left = ran();

        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.required(() -> {
                    suspended.call();
                    return shop.manager.suspend();
                }));
        theThreadIsFree();
        shop.userTransaction.begin();
        var callers = shop.current();
        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.requiresNew(() -> {
                    replaced.call();
                    shop.manager.suspend();
                    shop.manager.begin();
                    throw left.call() == null ? new SoldOut() : new OutOfStock();
                }));

        assertThat(suspended.ending).hasValue(Status.STATUS_ROLLEDBACK);
        assertThat(replaced.ending).hasValue(Status.STATUS_ROLLEDBACK);
        assertThat(left.ending).hasValue(Status.STATUS_ROLLEDBACK);
        assertThat(shop.current()).isEqualTo(callers);
        assertThat(shop.manager.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
        shop.userTransaction.commit();
    }

    @Test
    void theCallersThatAMethodSuspendsIsTakenUpAgainAndMarked() throws Exception {
        shop.userTransaction.begin();
        var callers = shop.current();

        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.required(shop.manager::suspend));

        assertThat(shop.current()).isEqualTo(callers);
        assertThat(shop.manager.getStatus()).isEqualTo(Status.STATUS_MARKED_ROLLBACK);
        shop.userTransaction.rollback();
    }

    @Test
    void aTransactionWhoseScopeCannotBeginIsRolledBack() throws Exception {
        shop.journal.fail("scope begins", CdiContract::fail);
        try {
            assertThatThrownBy(shop.manager::begin).hasStackTraceContaining("on demand");
            assertThat(shop.current()).isNull();
            assertThatThrownBy(shop.userTransaction::begin).hasStackTraceContaining("on demand");
            assertThat(shop.current()).isNull();
            assertThatExceptionOfType(TransactionalException.class).isThrownBy(() -> shop.service.required(ran()));
        } finally {
            shop.journal.succeed();
        }
        theThreadIsFree();
    }

    private static void fail() {
        throw new IllegalStateException("on demand");
    }

    private static void failBadly() {
        throw new AssertionError("on demand");
    }

    @Test
    void theUserTransactionIsRefusedWhereAnAnnotationDecides() throws Exception {
        var anotherFace = container.select(Ktm.class).get().userTransaction();
        shop.service.required(() -> {
            assertThatThrownBy(anotherFace::begin).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(anotherFace::commit).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(shop.userTransaction::begin)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("@Transactional");
            assertThatThrownBy(shop.userTransaction::commit).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(shop.userTransaction::rollback).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(shop.userTransaction::getStatus).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(shop.userTransaction::setRollbackOnly).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> shop.userTransaction.setTransactionTimeout(1))
                    .isInstanceOf(IllegalStateException.class);
            shop.service.notSupported(() -> {
                shop.userTransaction.begin();
                shop.userTransaction.rollback();
                anotherFace.begin();
                anotherFace.rollback();
                return null;
            });
            assertThatThrownBy(shop.userTransaction::begin).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(anotherFace::begin).isInstanceOf(IllegalStateException.class);
            return null;
        });
        assertThatThrownBy(() -> shop.service.supports(() -> {
                    shop.userTransaction.begin();
                    return null;
                }))
                .isInstanceOf(IllegalStateException.class);
        shop.service.never(() -> {
            shop.userTransaction.begin();
            shop.userTransaction.commit();
            return null;
        });
        anotherFace.begin();
        anotherFace.rollback();
    }

    @Test
    void whoListensToTheUserTransactionIsToldOfTheBeansToo() throws Exception {
        var told = new AtomicInteger();
        var provider =
                (UserTransactionProvider) container.select(Ktm.class).get().userTransaction();
        provider.setTransactionRegistry(new UserTransactionRegistry() {
            @Override
            public void userTransactionStarted() {
                told.incrementAndGet();
            }
        });
        try {
            shop.userTransaction.begin();
            shop.userTransaction.rollback();
        } finally {
            provider.setTransactionRegistry(null);
        }
        assertThat(told).hasValue(1);
    }

    @Test
    void aBeanOfATransactionIsThereOnceForIt() throws Exception {
        assertThatThrownBy(shop.basket::add).isInstanceOf(ContextNotActiveException.class);
        int before = shop.journal.lines().size();

        shop.service.required(() -> {
            assertThat(shop.basket.add()).isEqualTo(1);
            shop.service.requiresNew(() -> assertThat(shop.basket.add()).isEqualTo(1));
            assertThat(shop.basket.add()).isEqualTo(2);
            shop.journal.note("method ends");
            return null;
        });

        assertThatThrownBy(shop.basket::add).isInstanceOf(ContextNotActiveException.class);
        var lines = shop.journal.lines();
        assertThat(lines.subList(before, lines.size()))
                .containsExactly(
                        "scope begins",
                        "scope begins",
                        "scope ends",
                        "basket of 1 is destroyed",
                        "scope has ended",
                        "method ends",
                        "scope ends",
                        "basket of 2 is destroyed",
                        "scope has ended");
    }

    @Test
    void aScopeBeginsLateIfItsTransactionWasBegunElsewhere() throws Exception {
        var ktm = container.select(Ktm.class).get();
        int before = shop.journal.lines().size();
        ktm.userTransaction().begin();
        assertThat(shop.journal.lines()).hasSize(before);
        assertThat(shop.basket.add()).isEqualTo(1);
        ktm.transactionManager().setRollbackOnly();
        assertThat(shop.basket.add()).isEqualTo(2);
        ktm.userTransaction().rollback();
        assertThat(shop.journal.lines())
                .endsWith("scope begins", "scope ends", "basket of 2 is destroyed", "scope has ended");
    }

    @Test
    void theFirstOfTwoThreadsBeginsTheScopeOfATransactionThatWasBegunElsewhere() throws Exception {
        var manager = container.select(Ktm.class).get().transactionManager();
        for (int round = 0; round < 100; round++) {
            int before = shop.journal.lines().size();
            var barrier = new CyclicBarrier(2);
            Callable<Integer> adding = () -> {
                barrier.await();
                return shop.basket.add();
            };
            manager.begin();
            var both = manager.getTransaction();
            var elsewhere = CompletableFuture.supplyAsync(() -> in(both, adding), task -> new Thread(task).start());

            var here = adding.call();

            assertThat(List.of(here, elsewhere.get())).containsExactlyInAnyOrder(1, 2);
            manager.rollback();
            assertThat(shop.journal.lines().stream().skip(before))
                    .containsExactly("scope begins", "scope ends", "basket of 2 is destroyed", "scope has ended");
        }
    }

    private <T> T in(Transaction transaction, Callable<T> work) {
        try {
            shop.manager.resume(transaction);
            try {
                return work.call();
            } finally {
                shop.manager.suspend();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void noBeanIsMadeOnceItsTransactionHasEnded() throws Exception {
        var ktm = container.select(Ktm.class).get();
        var registry = ktm.synchronizationRegistry();
        var ends = new AtomicBoolean();
        // Another thread ends the transaction between the look at its status and the look for its beans.
        var interrupted = (TransactionSynchronizationRegistry) Proxy.newProxyInstance(
                CdiContract.class.getClassLoader(),
                new Class<?>[] {TransactionSynchronizationRegistry.class},
                (proxy, method, arguments) -> {
                    var answer = method.invoke(registry, arguments);
                    if (ends.get() && method.getName().equals("getTransactionStatus")) {
                        Objects.requireNonNull(shop.current()).rollback();
                    }
                    return answer;
                });
        var events = container.getBeanManager().getEvent();
        var scopes = new TransactionScopes(ktm.transactionManager(), interrupted, events);
        var made = new AtomicInteger();
        var counted = new Contextual<Integer>() {
            @Override
            public Integer create(CreationalContext<Integer> context) {
                return made.incrementAndGet();
            }

            @Override
            public void destroy(Integer instance, CreationalContext<Integer> context) {
                made.decrementAndGet();
            }
        };
        CreationalContext<Integer> creation = container.getBeanManager().createCreationalContext(counted);
        ktm.transactionManager().begin();
        scopes.begin();

        ends.set(true);

        assertThatThrownBy(() -> scopes.get(counted, creation)).isInstanceOf(ContextNotActiveException.class);
        ktm.transactionManager().suspend();
        assertThat(made).hasValue(0);
    }

    @Test
    void whatWasMadeLastIsDestroyedFirstAndFailuresKeepNobodyElse() throws Exception {
        int before = shop.journal.lines().size();
        shop.journal.fail("receipt is destroyed", CdiContract::failBadly);
        try {
            shop.service.required(() -> {
                shop.basket.add();
                shop.receipt.print();
                return null;
            });
        } finally {
            shop.journal.succeed();
        }
        assertThat(shop.journal.lines().stream().skip(before))
                .containsExactly(
                        "scope begins",
                        "receipt is printed",
                        "scope ends",
                        "receipt is destroyed",
                        "basket of 1 is destroyed",
                        "scope has ended");
    }

    @Test
    void aBeanThatIsDestroyedEarlyIsMadeAnew() throws Exception {
        int before = shop.journal.lines().size();
        var baskets = container.select(Beans.Basket.class);
        var basket = baskets.get();
        shop.service.required(() -> {
            baskets.destroy(basket);
            assertThat(basket.add()).isEqualTo(1);
            assertThat(basket.add()).isEqualTo(2);
            baskets.destroy(basket);
            return assertThat(basket.add()).isEqualTo(1);
        });
        assertThat(shop.journal.lines().stream().skip(before))
                .containsExactly(
                        "scope begins",
                        "basket of 2 is destroyed",
                        "scope ends",
                        "basket of 1 is destroyed",
                        "scope has ended");
    }

    @Test
    void anObserverThatFailsLeavesNoBeanBehind() throws Exception {
        for (Runnable failure : List.<Runnable>of(CdiContract::fail, CdiContract::failBadly)) {
            shop.journal.fail("scope ends", failure);
            try {
                shop.service.required(() -> shop.basket.add());
            } finally {
                shop.journal.succeed();
            }
            assertThat(shop.journal.lines()).endsWith("scope ends", "basket of 1 is destroyed", "scope has ended");
        }
    }

    private void beginForOneSecond() throws Exception {
        shop.manager.setTransactionTimeout(1);
        try {
            shop.userTransaction.begin();
        } finally {
            shop.manager.setTransactionTimeout(0);
        }
    }

    @Test
    void aTimeoutEndsTheBeansOfItsTransaction() throws Exception {
        beginForOneSecond();
        assertThat(shop.basket.add()).isEqualTo(1);
        int before = shop.journal.lines().size();

        while (shop.journal.lines().size() < before + 3) {
            Thread.onSpinWait();
        }

        assertThat(shop.journal.lines()).endsWith("scope ends", "basket of 1 is destroyed", "scope has ended");
        assertThatThrownBy(shop.basket::add).isInstanceOf(ContextNotActiveException.class);
        assertThatThrownBy(shop.userTransaction::commit).isInstanceOf(RollbackException.class);
    }

    private List<String> toldOf(Sale sale) {
        int before = shop.journal.lines().size();
        shop.sales.fire(sale);
        return shop.journal.lines().stream()
                .skip(before)
                .filter(line -> line.startsWith(sale.what()))
                .toList();
    }

    @Test
    void afterATimeoutNothingSucceeds() throws Exception {
        var rolledBack = new CountDownLatch(1);
        beginForOneSecond();
        Objects.requireNonNull(shop.current()).registerSynchronization(new Synchronization() {
            @Override
            public void beforeCompletion() {}

            @Override
            public void afterCompletion(int status) {
                rolledBack.countDown();
            }
        });

        rolledBack.await();

        assertThat(toldOf(new Sale("desk")))
                .containsExactlyInAnyOrder("desk before completion", "desk after completion", "desk failed");
        assertThatThrownBy(shop.userTransaction::commit).isInstanceOf(RollbackException.class);
    }

    @Test
    void whileARollbackRunsNothingSucceeds() throws Exception {
        var rollingBack = new CountDownLatch(1);
        var answered = new CountDownLatch(1);
        var slow = (XAResource) Proxy.newProxyInstance(
                XAResource.class.getClassLoader(), new Class<?>[] {XAResource.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("rollback")) {
                        rollingBack.countDown();
                        answered.await();
                    }
                    return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                });
        beginForOneSecond();
        Objects.requireNonNull(shop.current()).enlistResource(slow);

        rollingBack.await();

        try {
            assertThat(toldOf(new Sale("shelf")))
                    .containsExactlyInAnyOrder("shelf before completion", "shelf after completion", "shelf failed");
        } finally {
            answered.countDown();
        }
        assertThatThrownBy(shop.userTransaction::commit).isInstanceOf(RollbackException.class);
    }

    @Test
    void anObserverThatFailsBeforeCompletionChangesNothing() throws Exception {
        var work = ran();
        shop.journal.fail("stool before completion", CdiContract::fail);
        try {
            shop.service.required(() -> {
                shop.sales.fire(new Sale("stool"));
                return work.call();
            });
        } finally {
            shop.journal.succeed();
        }
        assertThat(work.ending).hasValue(Status.STATUS_COMMITTED);
        assertThat(shop.journal.lines()).contains("stool succeeded").doesNotContain("stool failed");
    }

    @Test
    void whatItsResourceRefusesToCommitIsToldWithTheReason() throws Exception {
        var refusing = (XAResource) Proxy.newProxyInstance(
                XAResource.class.getClassLoader(), new Class<?>[] {XAResource.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("commit")) {
                        throw new XAException(XAException.XA_RBINTEGRITY);
                    }
                    return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                });

        assertThatExceptionOfType(TransactionalException.class)
                .isThrownBy(() -> shop.service.required(
                        () -> Objects.requireNonNull(shop.current()).enlistResource(refusing)))
                .withCauseInstanceOf(RollbackException.class)
                .withMessageContaining("was not committed")
                .satisfies(e -> assertThat(e).hasStackTraceContaining("XA_RBINTEGRITY"));
    }

    @Test
    void observersWaitForTheEnd() throws Exception {
        int before = shop.journal.lines().size();
        shop.service.required(() -> {
            shop.sales.fire(new Sale("lamp"));
            shop.journal.note("method ends");
            return null;
        });
        assertThatThrownBy(() -> shop.service.required(() -> {
                    shop.sales.fire(new Sale("chair"));
                    throw new IllegalStateException("no");
                }))
                .hasMessage("no");
        shop.sales.fire(new Sale("table"));

        var lines = shop.journal.lines().stream()
                .skip(before)
                .filter(line -> !line.startsWith("scope"))
                .toList();
        assertThat(lines.get(0)).isEqualTo("method ends");
        assertThat(lines.get(1)).isEqualTo("lamp before completion");
        assertThat(lines.subList(2, 4)).containsExactlyInAnyOrder("lamp after completion", "lamp succeeded");
        assertThat(lines.subList(4, 6)).containsExactlyInAnyOrder("chair after completion", "chair failed");
        assertThat(lines.subList(6, lines.size()))
                .containsExactlyInAnyOrder(
                        "table before completion", "table after completion", "table succeeded", "table failed");
    }
}
