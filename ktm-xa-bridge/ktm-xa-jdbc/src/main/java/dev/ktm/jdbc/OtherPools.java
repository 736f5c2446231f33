package dev.ktm.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.util.Set;
import javax.sql.DataSource;

/** Tells a data source that pools already from a driver's, as far as pools are known here. */
final class OtherPools {

    private static final Set<String> KNOWN = Set.of(
            "com.alibaba.druid.pool.DruidAbstractDataSource",
            "com.mchange.v2.c3p0.impl.AbstractPoolBackedDataSource",
            "io.agroal.pool.DataSource",
            "oracle.ucp.jdbc.PoolDataSourceImpl",
            "org.apache.commons.dbcp2.BasicDataSource",
            "org.apache.commons.dbcp2.PoolingDataSource",
            "org.apache.tomcat.dbcp.dbcp2.BasicDataSource",
            "org.apache.tomcat.jdbc.pool.DataSource",
            "org.h2.jdbcx.JdbcConnectionPool",
            "org.mariadb.jdbc.MariaDbPoolDataSource",
            "org.postgresql.ds.PGPoolingDataSource",
            "org.vibur.dbcp.ViburDBCPDataSource");

    private OtherPools() {}

    /** Whether it is one, or wraps one and says so. */
    static boolean has(DataSource source) {
        return isKnown(source.getClass())
                || wraps(source, HikariDataSource.class)
                || wraps(source, KtmDataSource.class);
    }

    private static boolean isKnown(Class<?> type) {
        for (var each = type; each != null; each = each.getSuperclass()) {
            if (KNOWN.contains(each.getName())) {
                return true;
            }
        }
        return false;
    }

    private static boolean wraps(DataSource source, Class<?> pool) {
        try {
            return pool.isInstance(source) || source.isWrapperFor(pool);
        } catch (SQLException e) {
            // It cannot be looked into: what it does is seen when it is used.
            return false;
        }
    }
}
