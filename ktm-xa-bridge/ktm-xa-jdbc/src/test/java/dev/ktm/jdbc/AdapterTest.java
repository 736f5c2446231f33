package dev.ktm.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Alike;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.Test;

/** The connections that branches are looked for with. */
class AdapterTest {

    @Test
    void resourcesWhoseIdentityHashIsTheSameAreToldApart() throws Exception {
        var connection = Databases.h2InMemory("alike").getConnection();
        var closed = new ArrayDeque<XAResource>();
        var alike = Alike.<XAResource>byIdentityHash(() -> new LocalResource(connection));
        var adapter = new Adapter(
                "alike",
                driver(alike, closed),
                Optional::empty,
                look -> new Adapter.Found(DatabaseKind.DERBY, AdapterProfile.of(DatabaseKind.DERBY)));

        var first = adapter.open();
        var second = adapter.open();
        adapter.close(second);
        adapter.close(first);

        assertThat(closed).containsExactly(second, first);
        connection.close();
    }

    private static XADataSource driver(List<XAResource> resources, ArrayDeque<XAResource> closed) {
        var waiting = new ArrayDeque<>(resources);
        return (XADataSource) Proxy.newProxyInstance(
                AdapterTest.class.getClassLoader(),
                new Class<?>[] {XADataSource.class},
                (driver, method, arguments) -> {
                    var resource = waiting.remove();
                    return Proxy.newProxyInstance(
                            AdapterTest.class.getClassLoader(),
                            new Class<?>[] {XAConnection.class},
                            (connection, call, none) -> {
                                if (call.getName().equals("close")) {
                                    closed.add(resource);
                                }
                                return call.getName().equals("getXAResource") ? resource : null;
                            });
                });
    }
}
