package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.enterprise.transaction.api.ResourceRecoveryManager;
import dev.ktm.log.testing.Until;
import jakarta.resource.spi.work.WorkException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A resource adapter that brings messages to a message-driven bean, in transactions of others and of the server. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InflowTest {

    private static final String BEANS = """
            <glassfish-ejb-jar>
                <enterprise-beans>
                    <ejb>
                        <ejb-name>CourierBean</ejb-name>
                        <mdb-resource-adapter>
                            <resource-adapter-mid>courier</resource-adapter-mid>
                        </mdb-resource-adapter>
                    </ejb>
                </enterprise-beans>
            </glassfish-ejb-jar>
            """;

    private EmbeddedServer server;
    private CourierAdapter courier;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = EmbeddedServer.start(directory.resolve("server"), Map.of());
        for (var name : List.of("orders", "stock")) {
            server.createXaH2(name);
            execute("jdbc/" + name, "create table sale (item varchar(20))");
        }
        server.deployAdapter(
                "courier",
                CourierAdapter.class,
                CourierSpec.class,
                Courier.class,
                CourierConnections.class,
                CourierConnections.Desk.class,
                CourierConnections.OpenDesk.class,
                CourierConnections.Letter.class,
                CourierConnections.OpenLetter.class);
        server.deploy(
                "shop", Map.of("WEB-INF/glassfish-ejb-jar.xml", BEANS), CourierBean.class, Courier.class, Naming.class);
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void findCourier() {
        courier = CourierAdapter.started();
        courier.told().clear();
    }

    @Test
    void whatABeanDoesInATransactionOfOthersIsCommittedByThem() throws Exception {
        var xid = new ForeignXid("committed by others");

        courier.bringWithin(xid, "lamp");
        courier.bringWithin(xid, "vase");
        assertThat(courier.terminator().prepare(xid)).isEqualTo(XAResource.XA_OK);
        assertThat(courier.terminator().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN))
                .hasSize(1);
        assertThat(count("jdbc/orders", "lamp")).isZero();
        courier.terminator().commit(xid, false);

        for (var item : List.of("lamp", "vase")) {
            assertThat(count("jdbc/orders", item)).isOne();
            assertThat(count("jdbc/stock", item)).isOne();
        }
        assertThat(courier.terminator().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN))
                .isEmpty();
    }

    @Test
    void whatABeanDoesInATransactionOfOthersIsRolledBackByThem() throws Exception {
        var xid = new ForeignXid("rolled back by others");

        courier.bringWithin(xid, "chair");
        courier.terminator().rollback(xid);

        assertThat(count("jdbc/orders", "chair")).isZero();
        assertThat(count("jdbc/stock", "chair")).isZero();
        assertThat(server.ktm().manager().transactions()).isEmpty();
    }

    @Test
    void aTransactionOfOthersInWhichABeanFailedCannotBePrepared() throws Exception {
        var xid = new ForeignXid("failed in a bean");

        assertThatThrownBy(() -> courier.bringWithin(xid, "broken chair")).isInstanceOf(WorkException.class);

        assertThatThrownBy(() -> courier.terminator().prepare(xid))
                .isInstanceOfSatisfying(
                        XAException.class,
                        e -> assertThat(e.errorCode).isBetween(XAException.XA_RBBASE, XAException.XA_RBEND));
        assertThat(count("jdbc/orders", "broken chair")).isZero();
        assertThat(count("jdbc/stock", "broken chair")).isZero();
    }

    @Test
    void whatTheAdapterReceivesThroughCommitsWithTheDatabases() throws Exception {
        courier.bring("table");

        assertThat(courier.told()).containsSubsequence("start", "end", "prepare", "commit");
        assertThat(count("jdbc/orders", "table")).isOne();
        assertThat(count("jdbc/stock", "table")).isOne();
    }

    @Test
    void whatTheAdapterReceivesThroughIsRolledBackWhenTheBeanFails() throws Exception {
        assertThatThrownBy(() -> courier.bring("broken table")).isInstanceOf(WorkException.class);

        assertThat(courier.told()).contains("start", "rollback").doesNotContain("prepare");
        assertThat(count("jdbc/orders", "broken table")).isZero();
        assertThat(count("jdbc/stock", "broken table")).isZero();
    }

    @Test
    void theAdapterIsAskedForWhatItHasPrepared() throws Exception {
        server.service(ResourceRecoveryManager.class).recoverXAResources();

        Until.holds(() -> courier.told().contains("recover"));
    }

    @Test
    void aPoolThatDoesNotSayWhetherItCanPrepareIsTakenAtItsAdaptersWord() throws Exception {
        for (var said : Map.of("desks", "", "local", "LocalTransaction").entrySet()) {
            var options = new ArrayList<>(
                    List.of("--raname=courier", "--connectiondefinition=" + CourierConnections.Desk.class.getName()));
            if (!said.getValue().isEmpty()) {
                options.add("--transactionsupport=" + said.getValue());
            }
            options.add(said.getKey());
            server.command("create-connector-connection-pool", options.toArray(String[]::new));
            server.command("create-connector-resource", "--poolname=" + said.getKey(), "courier/" + said.getKey());
        }

        server.service(ResourceRecoveryManager.class).recoverXAResources();

        assertThat(server.ktm().resourceManagers()).contains("desks").doesNotContain("local");
    }
}
