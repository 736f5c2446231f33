package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.bean;
import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static dev.ktm.glassfish.Naming.find;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.enterprise.resource.ResourceHandle;
import com.sun.enterprise.resource.ResourceSpec;
import com.sun.enterprise.resource.allocator.ResourceAllocator;
import com.sun.enterprise.transaction.api.JavaEETransactionManager;
import com.sun.enterprise.transaction.api.ResourceRecoveryManager;
import com.sun.enterprise.transaction.spi.RecoveryResourceHandler;
import dev.ktm.log.testing.Until;
import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import jakarta.ejb.EJBException;
import jakarta.ejb.EJBTransactionRequiredException;
import jakarta.resource.spi.work.WorkException;
import jakarta.transaction.Status;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.transaction.xa.XAResource;
import org.glassfish.api.naming.SimpleJndiName;
import org.glassfish.hk2.api.ServiceLocator;
import org.glassfish.hk2.utilities.ServiceLocatorUtilities;
import org.glassfish.resourcebase.resources.api.PoolInfo;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Databases of a server in one transaction. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResourcesTest {

    private static final String PERSISTENCE = """
            <persistence xmlns="https://jakarta.ee/xml/ns/persistence" version="3.0">
                <persistence-unit name="shop" transaction-type="JTA">
                    <jta-data-source>jdbc/orders</jta-data-source>
                    <class>dev.ktm.glassfish.Sale</class>
                    <exclude-unlisted-classes>true</exclude-unlisted-classes>
                </persistence-unit>
            </persistence>
            """;

    private EmbeddedServer server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = EmbeddedServer.start(directory.resolve("server"), Map.of());
        server.createXaH2("orders");
        server.createXaH2("stock");
        server.createPool("local", "javax.sql.DataSource", "org.h2.jdbcx.JdbcDataSource", EmbeddedServer.h2("local"));
        server.deploy(
                "tests",
                Map.of("WEB-INF/classes/META-INF/persistence.xml", PERSISTENCE),
                BeanManaged.class,
                ContainerManaged.class,
                Task.class,
                Sale.class,
                Shop.class);
        for (var name : List.of("orders", "stock", "local")) {
            execute("jdbc/" + name, "create table sale (item varchar(20))");
        }
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Test
    void twoDatabasesCommitTogetherInTwoPhasesOfTheCoordinator() throws Exception {
        var seen = new ArrayList<KtmTransaction>();

        bean("tests", BeanManaged.class).run(() -> {
            var user = find("java:comp/UserTransaction", UserTransaction.class);
            user.begin();
            execute("jdbc/orders", "insert into sale values ('lamp')");
            execute("jdbc/stock", "insert into sale values ('lamp')");
            seen.add(server.onlyTransaction());
            user.commit();
        });

        assertThat(seen.get(0).history()).contains(TransactionState.PREPARED, TransactionState.COMMITTED);
        assertThat(count("jdbc/orders", "lamp")).isOne();
        assertThat(count("jdbc/stock", "lamp")).isOne();
    }

    /** An application's own failure, which rolls back nothing by itself. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void aFailureRollsBothDatabasesBack() throws Exception {
        assertThatThrownBy(() -> bean("tests", ContainerManaged.class).required(() -> {
                    sell("vase");
                    throw new IllegalStateException("no");
                }))
                .isInstanceOf(EJBException.class);

        assertThat(count("jdbc/orders", "vase")).isZero();
        assertThat(count("jdbc/stock", "vase")).isZero();
    }

    private static void sell(String item) throws Exception {
        execute("jdbc/orders", "insert into sale values ('" + item + "')");
        execute("jdbc/stock", "insert into sale values ('" + item + "')");
    }

    @Test
    void anApplicationsFailureCommitsUnlessItIsMarked() throws Exception {
        assertThatThrownBy(() -> bean("tests", ContainerManaged.class).required(() -> {
                    sell("chair");
                    throw new Refused();
                }))
                .isInstanceOf(Refused.class);

        assertThat(count("jdbc/orders", "chair")).isOne();
        assertThat(count("jdbc/stock", "chair")).isOne();
    }

    @Test
    void persistenceAndJdbcCommitTogether() throws Exception {
        var seen = new ArrayList<KtmTransaction>();

        bean("tests", Shop.class).sell("table", () -> {
            execute("jdbc/stock", "insert into sale values ('table')");
            seen.add(server.onlyTransaction());
        });

        assertThat(count("jdbc/orders", "table")).isOne();
        assertThat(count("jdbc/stock", "table")).isOne();
        assertThat(seen.get(0).history()).contains(TransactionState.COMMITTED);
    }

    @Test
    void persistenceAndJdbcRollBackTogether() throws Exception {
        assertThatThrownBy(() -> bean("tests", Shop.class).sell("sofa", () -> {
                    execute("jdbc/stock", "insert into sale values ('sofa')");
                    throw new IllegalStateException("no");
                }))
                .isInstanceOf(EJBException.class);

        assertThat(count("jdbc/orders", "sofa")).isZero();
        assertThat(count("jdbc/stock", "sofa")).isZero();
    }

    @Test
    void requiresNewCommitsWhatItsCallerRollsBackAround() throws Exception {
        var outer = bean("tests", ContainerManaged.class);

        assertThatThrownBy(() -> outer.required(() -> {
                    sell("outer");
                    outer.requiresNew(() -> sell("inner"));
                    throw new IllegalStateException("no");
                }))
                .isInstanceOf(EJBException.class);

        assertThat(count("jdbc/orders", "outer")).isZero();
        assertThat(count("jdbc/stock", "outer")).isZero();
        assertThat(count("jdbc/orders", "inner")).isOne();
        assertThat(count("jdbc/stock", "inner")).isOne();
    }

    @Test
    void theAttributesOfBeansAreKept() throws Exception {
        var beans = bean("tests", ContainerManaged.class);
        var statuses = new ArrayList<Integer>();
        Task status = () -> statuses.add(
                find("java:comp/TransactionSynchronizationRegistry", TransactionSynchronizationRegistry.class)
                        .getTransactionStatus());

        beans.supports(status);
        beans.never(status);
        beans.required(() -> {
            sell("attributes");
            beans.mandatory(status);
            beans.supports(status);
            beans.notSupported(status);
            assertThatThrownBy(() -> beans.never(status)).isInstanceOf(EJBException.class);
        });

        assertThat(statuses)
                .containsExactly(
                        Status.STATUS_NO_TRANSACTION,
                        Status.STATUS_NO_TRANSACTION,
                        Status.STATUS_ACTIVE,
                        Status.STATUS_ACTIVE,
                        Status.STATUS_NO_TRANSACTION);
        assertThatThrownBy(() -> beans.mandatory(status)).isInstanceOf(EJBTransactionRequiredException.class);
    }

    @Test
    void aResourceThatCannotPrepareIsAloneOrRefused() throws Exception {
        var beans = bean("tests", ContainerManaged.class);

        beans.required(() -> execute("jdbc/local", "insert into sale values ('alone')"));
        assertThatThrownBy(() -> beans.required(() -> {
                    execute("jdbc/orders", "insert into sale values ('mixed')");
                    execute("jdbc/local", "insert into sale values ('mixed')");
                }))
                .hasStackTraceContaining(
                        "expected a resource that can prepare, because others take part in the transaction,"
                                + " found jdbc/local: set the res-type of its pool to javax.sql.XADataSource");

        assertThat(count("jdbc/local", "alone")).isOne();
        // To the container a failed statement is the application's own business.
        assertThat(count("jdbc/orders", "mixed")).isOne();
        assertThat(count("jdbc/local", "mixed")).isZero();
    }

    @Test
    void transactionsWaitWhileTheServiceIsFrozen() throws Exception {
        server.command("freeze-transaction-service");
        var done = CompletableFuture.runAsync(() -> {
            try {
                bean("tests", ContainerManaged.class).required(() -> sell("frozen"));
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
        assertThatThrownBy(() -> done.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

        server.command("unfreeze-transaction-service");

        done.get(20, TimeUnit.SECONDS);
        assertThat(count("jdbc/orders", "frozen")).isOne();
    }

    @Test
    void thePoolsAreAskedForTheirBranchesUnderTheirNames() throws Exception {
        server.service(ResourceRecoveryManager.class).recoverXAResources();

        assertThat(server.ktm().resourceManagers()).contains("orders", "stock").doesNotContain("local");
        assertThat(server.service(JavaEETransactionManager.class).getTxLogLocation())
                .endsWith("ktm-log");
    }

    @Test
    void aResourceThatIsPointedToAnotherPoolEnlistsUnderThatOnesName() throws Exception {
        server.createXaH2("before");
        server.createXaH2("after");
        var beans = bean("tests", ContainerManaged.class);
        execute("jdbc/before", "create table sale (item varchar(20))");
        execute("jdbc/after", "create table sale (item varchar(20))");
        beans.required(() -> execute("jdbc/before", "insert into sale values ('first')"));

        server.command("set", "resources.jdbc-resource.jdbc/before.pool-name=after");
        beans.required(() -> execute("jdbc/before", "insert into sale values ('second')"));

        assertThat(count("jdbc/after", "second")).isOne();
        assertThat(server.ktm().resourceManagers()).contains("before", "after");

        server.command("delete-jdbc-resource", "jdbc/before");
        server.command("delete-jdbc-resource", "jdbc/after");
        server.command("delete-jdbc-connection-pool", "before");
        server.command("delete-jdbc-connection-pool", "after");
        // A transaction has ended a moment before it is gone.
        Until.holds(() -> {
            server.ktm().recoverNow();
            var names = server.ktm().resourceManagers();
            return !names.contains("before") && !names.contains("after");
        });
        assertThat(server.ktm().resourceManagers()).contains("orders", "stock");
    }

    @Test
    @Tag("not-payara")
    void aPoolIsAskedAlthoughTheNameOfItsResourceIsNotFoundHere() throws Exception {
        execute("jdbc/orders", "select 1");
        var resources = new PoolResources(
                server.service(ServiceLocator.class), "java:app/orders", new PoolInfo(new SimpleJndiName("orders")));

        var resource = resources.open();

        assertThat(resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN))
                .isEmpty();
        resources.close(resource);
    }

    /** Somebody's feed that always fails, and closes nothing. */
    @SuppressWarnings({"rawtypes", "unchecked"})
    private static final class FailingHandler implements RecoveryResourceHandler {

        @Override
        public void loadXAResourcesAndItsConnections(List resources, List connections) {
            connections.add("connection");
            throw new IllegalStateException("no");
        }

        @Override
        public void closeConnections(List connections) {
            throw new IllegalStateException("no");
        }
    }

    @Test
    void aFeedThatFailsKeepsNobodyElseFromBeingAsked() throws Exception {
        var told = new CopyOnWriteArrayList<String>();
        ServiceLocatorUtilities.addOneConstant(server.service(ServiceLocator.class), new FailingHandler());
        server.service(ResourceRecoveryManager.class).recoverXAResources();

        server.service(JavaEETransactionManager.class).registerRecoveryResourceHandler(new WitnessResource(told));
        server.createXaH2("late");
        server.service(ResourceRecoveryManager.class).recoverXAResources();

        assertThat(told).contains("recover");
        assertThat(server.ktm().resourceManagers()).contains("late");
    }

    @Test
    @Tag("not-payara")
    void whatAMessageDrivenBeanReceivesThroughTakesPart() throws Exception {
        var told = new ArrayList<String>();
        var manager = server.service(JavaEETransactionManager.class);
        // As the container of such beans makes it: of no pool.
        var handle = new ResourceHandle(
                null, new ResourceSpec(new SimpleJndiName("JMS"), ResourceSpec.JMS), transactionalAllocator());
        handle.fillInResourceObjects(null, new WitnessResource(told));

        manager.begin();
        manager.enlistResource(manager.getTransaction(), handle);
        manager.commit();

        assertThat(told).containsExactly("start", "end", "commit in one phase");
    }

    private static ResourceAllocator transactionalAllocator() {
        return (ResourceAllocator) Proxy.newProxyInstance(
                ResourcesTest.class.getClassLoader(),
                new Class<?>[] {ResourceAllocator.class},
                (proxy, method, arguments) -> method.getReturnType() == boolean.class ? true : null);
    }

    @Test
    void aTransactionThatAResourceAdapterBringsIsPreparedAndCommittedFromOutside() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("committed from outside");

        manager.recreate(xid, 30);
        bean("tests", ContainerManaged.class).mandatory(() -> sell("imported"));
        manager.release(xid);

        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        assertThat(manager.getXATerminator().prepare(xid)).isEqualTo(XAResource.XA_OK);
        assertThat(manager.getXATerminator().recover(XAResource.TMSTARTRSCAN)).hasSize(1);
        manager.getXATerminator().commit(xid, false);
        assertThat(count("jdbc/orders", "imported")).isOne();
        assertThat(count("jdbc/stock", "imported")).isOne();
    }

    @Test
    void aTransactionThatAResourceAdapterBringsIsRolledBackFromOutside() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("rolled back from outside");

        for (var item : List.of("first work", "second work")) {
            manager.recreate(xid, 0);
            bean("tests", ContainerManaged.class).required(() -> sell(item));
            manager.release(xid);
        }

        manager.getXATerminator().rollback(xid);
        assertThat(count("jdbc/orders", "first work")).isZero();
        assertThat(count("jdbc/stock", "second work")).isZero();
        // It has ended a moment before it is gone.
        Until.holds(() -> server.ktm().manager().live().isEmpty());
    }

    @Test
    void whatIsWrittenWhenATransactionFromOutsideEndsIsWithinIt() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("written when prepared");
        manager.recreate(xid, 30);
        bean("tests", Shop.class).sell("late", () -> {});
        manager.release(xid);

        assertThat(manager.getXATerminator().prepare(xid)).isEqualTo(XAResource.XA_OK);
        assertThat(manager.getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
        manager.getXATerminator().rollback(xid);

        assertThat(count("jdbc/orders", "late")).isZero();
    }

    @Test
    void whatIsWrittenWhenATransactionFromOutsideEndsInOnePhaseIsCommitted() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("written in one phase");
        manager.recreate(xid, Long.MAX_VALUE);
        bean("tests", Shop.class).sell("single", () -> sell("beside"));
        manager.release(xid);

        manager.begin();
        var before = manager.getTransaction();
        manager.getXATerminator().commit(xid, true);
        assertThat(manager.getTransaction()).isSameAs(before);
        manager.rollback();

        assertThat(count("jdbc/orders", "single")).isOne();
        assertThat(count("jdbc/stock", "beside")).isOne();
    }

    @Test
    void aThreadThatCannotTakeATransactionUpLeavesItToOthers() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var delegate = server.service(KtmDelegate.class);
        var first = new ForeignXid("first");
        var second = new ForeignXid("second");

        manager.recreate(first, 30);
        assertThatThrownBy(() -> delegate.recreate(second, 30))
                .isInstanceOfSatisfying(
                        WorkException.class,
                        e -> assertThat(e.getErrorCode()).isEqualTo(WorkException.TX_RECREATE_FAILED));
        manager.release(first);
        manager.recreate(second, 30);
        manager.release(second);

        manager.getXATerminator().rollback(first);
        manager.getXATerminator().rollback(second);
    }

    @Test
    void oneThreadAtATimeWorksInATransactionThatAResourceAdapterBrings() throws Exception {
        var manager = server.service(JavaEETransactionManager.class);
        var xid = new ForeignXid("twice at once");

        manager.recreate(xid, 30);
        var other = CompletableFuture.runAsync(() -> {
            try {
                manager.recreate(xid, 30);
            } catch (WorkException e) {
                throw new CompletionException(e);
            }
        });

        assertThatThrownBy(() -> other.get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        WorkException.class,
                        e -> assertThat(e.getErrorCode()).isEqualTo(WorkException.TX_CONCURRENT_WORK_DISALLOWED));
        manager.release(xid);
        manager.getXATerminator().rollback(xid);
    }
}
