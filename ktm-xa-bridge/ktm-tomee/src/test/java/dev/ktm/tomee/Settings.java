package dev.ktm.tomee;

import java.nio.file.Path;
import java.util.Properties;

/** The configuration of a server: KTM, and data sources. */
final class Settings {

    private final Properties properties = new Properties();

    private Settings() {}

    /** KTM with nothing said, in a server with this base. */
    static Settings of(Path base) {
        return new Settings()
                .with("openejb.base", base.toString())
                .with(
                        "transactions",
                        "new://TransactionManager?class-name=dev.ktm.tomee.KtmFactory&factory-name=create");
    }

    /** Two databases in memory that the shop uses, and one whose data source says the class of its database itself. */
    static Settings shop(Path base, String databases) {
        var address = "jdbc:h2:mem:" + databases;
        return of(base).withDatabase(
                        "orders", "org.h2.jdbcx.JdbcDataSource", "URL", address + "orders;DB_CLOSE_DELAY=-1")
                .withDatabase("audit", "org.h2.jdbcx.JdbcDataSource", "URL", address + "audit;DB_CLOSE_DELAY=-1")
                .with("ordersXa.user", "sa")
                .with("auditXa.user", "sa")
                .with("ledger", "new://Resource?type=DataSource")
                .with("ledger.JdbcDriver", "org.h2.jdbcx.JdbcDataSource")
                .with("ledger.JdbcUrl", address + "ledger;DB_CLOSE_DELAY=-1")
                .with("ledger.UserName", "sa")
                .withLocal("org.h2.Driver", address + "orders;DB_CLOSE_DELAY=-1");
    }

    Settings with(String name, String value) {
        properties.setProperty(name, value);
        return this;
    }

    /** A data source that takes part in transactions. */
    Settings withDatabase(String name, String className, String property, String value) {
        return with(name + "Xa", "new://Resource?class-name=" + className)
                .with(name + "Xa." + property, value)
                .with(name, "new://Resource?type=DataSource")
                .with(name + ".XaDataSource", name + "Xa")
                .with(name + ".JtaManaged", "true");
    }

    /** A data source that takes no part in transactions, for what makes tables. */
    Settings withLocal(String driver, String address) {
        return with("local", "new://Resource?type=DataSource")
                .with("local.JdbcDriver", driver)
                .with("local.JdbcUrl", address)
                .with("local.UserName", "sa")
                .with("local.JtaManaged", "false");
    }

    Properties properties() {
        return properties;
    }
}
