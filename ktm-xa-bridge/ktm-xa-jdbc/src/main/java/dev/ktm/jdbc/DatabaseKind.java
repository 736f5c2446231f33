package dev.ktm.jdbc;

import java.sql.DatabaseMetaData;
import java.sql.SQLException;

/** Which database it is, as far as its transactions behave differently. */
public enum DatabaseKind {
    /** H2. */
    H2("H2", "org.h2."),
    /** Apache Derby. */
    DERBY("Apache Derby", "org.apache.derby."),
    /** PostgreSQL. */
    POSTGRESQL("PostgreSQL", "org.postgresql."),
    /** MariaDB, through whichever driver. */
    MARIADB("MariaDB", "org.mariadb."),
    /** MySQL, through whichever driver. */
    MYSQL("MySQL", "com.mysql."),
    /** Oracle Database. */
    ORACLE("Oracle", "oracle."),
    /** Microsoft SQL Server. */
    SQL_SERVER("Microsoft SQL Server", "com.microsoft.sqlserver."),
    /** IBM Db2. */
    DB2("DB2", "com.ibm.db2."),
    /** HSQLDB, which forgets what it has prepared. */
    HSQLDB("HSQL Database Engine", "org.hsqldb."),
    /** Any other: nothing is taken for granted. */
    OTHER("", "");

    private final String product;
    private final String drivers;

    DatabaseKind(String product, String drivers) {
        this.product = product;
        this.drivers = drivers;
    }

    /** What the database says that it is. */
    static DatabaseKind of(DatabaseMetaData database) throws SQLException {
        var name = database.getDatabaseProductName();
        for (var kind : values()) {
            if (kind != OTHER && name != null && name.startsWith(kind.product)) {
                // The driver of MariaDB says "MariaDB" of its server, that of MySQL says "MySQL" of any.
                return kind == MYSQL && isMariaDb(database) ? MARIADB : kind;
            }
        }
        return OTHER;
    }

    private static boolean isMariaDb(DatabaseMetaData database) throws SQLException {
        var version = database.getDatabaseProductVersion();
        return version != null && version.contains("MariaDB");
    }

    /** What a driver's class is for, while the database cannot be asked. */
    static DatabaseKind ofDriver(Class<?> driver) {
        for (var kind : values()) {
            if (kind != OTHER && driver.getName().startsWith(kind.drivers)) {
                return kind;
            }
        }
        return OTHER;
    }
}
