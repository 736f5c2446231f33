package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.bean;
import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static dev.ktm.glassfish.Naming.find;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Until;
import jakarta.enterprise.context.ContextNotActiveException;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.transaction.Status;
import jakarta.transaction.UserTransaction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Components whose transactions, connections and beans live longer than a call, or are left behind. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ComponentsTest {

    private static final int MANY_REQUESTS = 20;

    private EmbeddedServer server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = EmbeddedServer.start(directory.resolve("server"), Map.of());
        for (var name : List.of("orders", "stock")) {
            server.createXaH2(name);
            execute("jdbc/" + name, "create table sale (item varchar(20))");
        }
        server.deploy(
                "tests",
                Map.of(),
                TaskServlet.class,
                Task.class,
                Keeper.class,
                Conversation.class,
                ContainerManaged.class,
                Basket.class,
                Naming.class);
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    private static UserTransaction user() throws Exception {
        return find("java:comp/UserTransaction", UserTransaction.class);
    }

    /** Who takes part. */
    enum Databases {
        NONE,
        ONE,
        BOTH;

        private List<String> names() {
            return switch (this) {
                case NONE -> List.of();
                case ONE -> List.of("orders");
                case BOTH -> List.of("orders", "stock");
            };
        }

        private void insert(String item) throws Exception {
            for (var name : names()) {
                execute("jdbc/" + name, "insert into sale values ('" + item + "')");
            }
        }

        private void assertCount(String item, int expected) throws Exception {
            for (var name : names()) {
                assertThat(count("jdbc/" + name, item)).isEqualTo(expected);
            }
        }
    }

    // Left open.

    @ParameterizedTest
    @EnumSource(Databases.class)
    void whatARequestLeavesOpenIsRolledBackAndTheNextOneHasNone(Databases databases) throws Exception {
        for (int i = 0; i < MANY_REQUESTS; i++) {
            boolean marked = i % 2 == 0;
            TaskServlet.run(server.port(), "tests", () -> {
                assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
                user().begin();
                databases.insert("left open");
                if (marked) {
                    user().setRollbackOnly();
                }
            });
        }

        TaskServlet.run(server.port(), "tests", () -> {
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
            user().begin();
            databases.insert(databases + " then");
            user().commit();
        });
        databases.assertCount("left open", 0);
        databases.assertCount(databases + " then", 1);
        Until.holds(() -> server.ktm().manager().live().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(Databases.class)
    void whatWasEndedCannotBeEndedAgain(Databases databases) throws Exception {
        for (boolean commits : new boolean[] {true, false}) {
            TaskServlet.run(server.port(), "tests", () -> {
                user().begin();
                databases.insert(databases + " ended");
                if (commits) {
                    user().commit();
                } else {
                    user().rollback();
                }
                assertThatThrownBy(user()::commit).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(user()::rollback).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(user()::setRollbackOnly).isInstanceOf(IllegalStateException.class);
                assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
            });
        }
        databases.assertCount(databases + " ended", 1);
    }

    @ParameterizedTest
    @EnumSource(Databases.class)
    void aBeanFindsTheTransactionAgainThatItsFormerCallHasLeftOpen(Databases databases) throws Exception {
        var conversation = bean("tests", Conversation.class);
        conversation.run(() -> {
            user().begin();
            databases.insert(databases + " talk");
        });
        assertThat(user().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);

        conversation.run(() -> {
            assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
            databases.insert(databases + " talk");
            user().commit();
        });

        conversation.end();
        databases.assertCount(databases + " talk", 2);
    }

    // Kept connections.

    @Test
    void aConnectionThatABeanKeepsOverItsCallsWorksForTheTransactionOfEach() throws Exception {
        for (boolean commits : new boolean[] {true, false}) {
            TaskServlet.run(server.port(), "tests", () -> {
                var first = bean("tests", Keeper.class);
                var second = bean("tests", Keeper.class);
                user().begin();
                first.connect("jdbc/orders");
                second.connect("jdbc/stock");
                for (var keeper : List.of(first, second)) {
                    keeper.execute("insert into sale values ('kept')");
                    keeper.execute("insert into sale values ('kept and gone')");
                    keeper.execute("delete from sale where item = 'kept and gone'");
                    keeper.disconnect();
                }
                assertThat(user().getStatus()).isEqualTo(Status.STATUS_ACTIVE);
                if (commits) {
                    user().commit();
                } else {
                    user().rollback();
                }
                first.end();
                second.end();
            });
        }
        Databases.BOTH.assertCount("kept", 1);
        Databases.BOTH.assertCount("kept and gone", 0);
    }

    // The scope of a transaction.

    @ParameterizedTest
    @EnumSource(Databases.class)
    void aBeanOfTheTransactionIsTheSameWithinAndGoneAfterwards(Databases databases) throws Exception {
        Basket.GONE.clear();
        TaskServlet.run(server.port(), "tests", () -> {
            var basket = CDI.current().select(Basket.class).get();
            assertThatThrownBy(basket::size).isInstanceOf(ContextNotActiveException.class);
            user().begin();
            basket.add("first");
            databases.insert(databases + " basket");
            basket.add("second");
            assertThat(basket.size()).isEqualTo(2);
            bean("tests", ContainerManaged.class)
                    .requiresNew(() -> assertThat(basket.size()).isZero());
            assertThat(basket.size()).isEqualTo(2);
            user().commit();
            assertThatThrownBy(basket::size).isInstanceOf(ContextNotActiveException.class);
        });

        var expected = new ArrayList<List<String>>();
        expected.add(List.of());
        expected.add(List.of("first", "second"));
        assertThat(Basket.GONE).containsExactlyElementsOf(expected);
    }
}
