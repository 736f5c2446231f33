package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;
import javax.sql.XADataSource;
import org.apache.openejb.assembler.classic.event.ResourceBeforeDestroyed;
import org.apache.openejb.assembler.classic.event.ResourceCreated;
import org.apache.openejb.cipher.StaticDESPasswordCipher;
import org.apache.openejb.resource.jdbc.dbcp.DbcpManagedDataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.jboss.tm.XAResourceWrapper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of a resource of the server. */
class ResourceObserverTest {

    private final Ktm ktm = Ktm.open(KtmOptions.builder().inMemory().build());
    private final ResourceObserver observer =
            new ResourceObserver(new KtmTransactionManager(ktm), new InboundResources(ktm));

    @AfterEach
    void close() {
        ktm.close();
    }

    private static JdbcDataSource database(String address) {
        var database = new JdbcDataSource();
        database.setURL(address);
        return database;
    }

    private Object created(Object resource) {
        var event = new ResourceCreated(resource, "orders");
        observer.created(event);
        return Objects.requireNonNullElse(event.getReplacement(), resource);
    }

    @Test
    void aDatabaseIsTheSameButForTheNameThatItsResourcesSay() throws SQLException {
        var database = database("jdbc:h2:mem:observed");

        var replaced = (XADataSource) created(database);

        assertThat(replaced).isInstanceOf(DataSource.class).isEqualTo(replaced).isNotEqualTo(database);
        assertThat(replaced).hasSameHashCodeAs(database);
        assertThat(ktm.resourceManagers()).containsExactly("orders");
        var connection = replaced.getXAConnection();
        assertThat(((XAResourceWrapper) connection.getXAResource()).getJndiName())
                .isEqualTo("orders");
        assertThat(connection.getConnection().isValid(1)).isTrue();
        connection.close();
    }

    @Test
    void whatADatabaseThrowsIsThrownAsItIs() {
        var replaced = (XADataSource) created(database("jdbc:h2:nowhere:x"));

        assertThatThrownBy(replaced::getXAConnection).isInstanceOf(SQLException.class);
    }

    @Test
    void aResourceThatComesAgainTakesThePlaceOfTheFormer() {
        created(database("jdbc:h2:mem:former"));
        created(database("jdbc:h2:mem:newer"));

        assertThat(ktm.resourceManagers()).containsExactly("orders");
    }

    @Test
    void aResourceThatGoesIsAskedNoMore() {
        var replaced = created(database("jdbc:h2:mem:gone"));

        observer.destroyed(new ResourceBeforeDestroyed(replaced, "orders"));

        assertThat(ktm.resourceManagers()).isEmpty();
    }

    /** Notes the passwords that connections are asked for with. */
    private static XADataSource noting(List<String> passwords, XADataSource database) {
        return (XADataSource) Proxy.newProxyInstance(
                XADataSource.class.getClassLoader(),
                new Class<?>[] {XADataSource.class},
                (proxy, method, arguments) -> {
                    if (arguments != null && arguments.length == 2) {
                        passwords.add((String) arguments[1]);
                    }
                    return method.invoke(database, arguments);
                });
    }

    @Test
    void anEncipheredPasswordIsDecipheredForRecovery() {
        var passwords = new CopyOnWriteArrayList<String>();
        var database = database("jdbc:h2:mem:enciphered");
        var pool = new DbcpManagedDataSource("orders", database);
        pool.setXaDataSourceInstance(noting(passwords, database));
        pool.setUserName("clerk");
        pool.setPassword(new String(new StaticDESPasswordCipher().encrypt("secret")));
        pool.setPasswordCipher("Static3DES");

        created(pool);
        ktm.recoverNow();

        assertThat(passwords).isNotEmpty().containsOnly("secret");
    }

    @Test
    void otherResourcesAreLeftAlone() {
        assertThat(created("a text")).isEqualTo("a text");
        assertThat(ktm.resourceManagers()).isEmpty();
    }
}
