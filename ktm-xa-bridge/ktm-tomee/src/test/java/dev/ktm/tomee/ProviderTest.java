package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProviderTest {

    @TempDir
    Path directory;

    static Properties properties(Path directory) {
        var properties = new Properties();
        properties.setProperty(
                "ktm", "new://TransactionManager?class-name=dev.ktm.tomee.KtmFactory&factory-name=create");
        properties.setProperty("ktm.logDirectory", directory.resolve("log").toString());
        for (var name : new String[] {"orders", "audit"}) {
            properties.setProperty(name + "Xa", "new://Resource?class-name=org.h2.jdbcx.JdbcDataSource");
            properties.setProperty(name + "Xa.URL", "jdbc:h2:mem:" + name + ";DB_CLOSE_DELAY=-1");
            properties.setProperty(name + "Xa.user", "sa");
            properties.setProperty(name, "new://Resource?type=DataSource");
            properties.setProperty(name + ".XaDataSource", name + "Xa");
            properties.setProperty(name + ".JtaManaged", "true");
        }
        return properties;
    }

    @Test
    void sells() throws Exception {
        try (var server = Server.start(properties(directory))) {
            server.shop.makeTables();
            server.shop.sell("lamp");
            assertThat(server.shop.sold()).containsExactly("lamp");
            assertThat(server.manager().ktm().resourceManagers()).containsExactly("auditXa", "ordersXa");
            server.shop.stock("sofa");
            assertThat(server.shop.isStocked("sofa")).isTrue();
        }
    }
}
