package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Alike;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.List;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.Test;

/** The connections that branches are looked for with. */
class DataSourceFactoryTest {

    @Test
    void resourcesWhoseIdentityHashIsTheSameAreToldApart() throws Exception {
        var closed = new ArrayDeque<XAResource>();
        var alike = Alike.byIdentityHash(DataSourceFactoryTest::resource);
        var factory = new DataSourceFactory(driver(alike, closed));

        var first = factory.open();
        var second = factory.open();
        factory.close(second);
        factory.close(first);

        assertThat(closed).containsExactly(second, first);
    }

    private static XAResource resource() {
        return (XAResource) Proxy.newProxyInstance(
                DataSourceFactoryTest.class.getClassLoader(),
                new Class<?>[] {XAResource.class},
                (resource, method, arguments) -> switch (method.getName()) {
                    case "equals" -> resource == arguments[0];
                    case "hashCode" -> 1;
                    default -> "a resource";
                });
    }

    private static XADataSource driver(List<XAResource> resources, ArrayDeque<XAResource> closed) {
        var waiting = new ArrayDeque<>(resources);
        return (XADataSource) Proxy.newProxyInstance(
                DataSourceFactoryTest.class.getClassLoader(),
                new Class<?>[] {XADataSource.class},
                (driver, method, arguments) -> {
                    var resource = waiting.remove();
                    return Proxy.newProxyInstance(
                            DataSourceFactoryTest.class.getClassLoader(),
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
