package dev.ktm.glassfish;

import static dev.ktm.glassfish.Naming.bean;
import static dev.ktm.glassfish.Naming.count;
import static dev.ktm.glassfish.Naming.execute;
import static dev.ktm.glassfish.Naming.find;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.rm.TransactionState;
import dev.ktm.tm.KtmTransaction;
import jakarta.transaction.UserTransaction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Databases of a server in one transaction. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResourcesTest {

    private EmbeddedServer server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        server = EmbeddedServer.start(directory.resolve("server"), Map.of());
        server.createXaH2("orders");
        server.createXaH2("stock");
        server.deploy("tests", Map.of(), BeanManaged.class, ContainerManaged.class, Task.class);
        execute("jdbc/orders", "create table sale (item varchar(20))");
        execute("jdbc/stock", "create table sale (item varchar(20))");
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
}
