package dev.ktm.benchmark.boot;

import com.zaxxer.hikari.HikariDataSource;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.stereotype.Service;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.Transactional;

/** A row in each of two databases. */
@SpringBootApplication
@SuppressWarnings("DesignForExtension")
public class Application {

    /** Two databases in files. */
    @Configuration(proxyBeanMethods = false)
    static class Databases {

        /** Without a transaction manager a plain pool, as Spring Boot would make it. */
        private static DataSource database(ObjectProvider<XADataSourceWrapper> wrappers, String directory, String name)
                throws Exception {
            var source = new JdbcDataSource();
            source.setURL("jdbc:h2:file:" + directory + "/" + name + ";WRITE_DELAY=0");
            source.setUser("sa");
            source.setPassword("");
            var wrapper = wrappers.getIfAvailable();
            if (wrapper == null) {
                var pool = new HikariDataSource();
                pool.setDataSource(source);
                return pool;
            }
            return wrapper.wrapDataSource(source);
        }

        @Bean
        @Qualifier("orders")
        DataSource ordersDataSource(
                ObjectProvider<XADataSourceWrapper> wrappers, @Value("${benchmark.directory}") String directory)
                throws Exception {
            return database(wrappers, directory, "orders");
        }

        @Bean
        @Qualifier("stock")
        DataSource stockDataSource(
                ObjectProvider<XADataSourceWrapper> wrappers, @Value("${benchmark.directory}") String directory)
                throws Exception {
            return database(wrappers, directory, "stock");
        }
    }

    /** What Spring itself has, for one of the two: what every application with transactions pays. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingClass("jakarta.transaction.TransactionManager")
    static class WithoutStarter {

        @Bean
        PlatformTransactionManager transactionManager(@Qualifier("orders") DataSource orders) {
            return new DataSourceTransactionManager(orders);
        }
    }

    /** What is measured. */
    @Service
    static class Shop {

        private final AtomicInteger ids = new AtomicInteger();
        private final JdbcTemplate orders;
        private final JdbcTemplate stock;

        Shop(@Qualifier("orders") DataSource orders, @Qualifier("stock") DataSource stock) {
            this.orders = new JdbcTemplate(orders);
            this.stock = new JdbcTemplate(stock);
        }

        void create() {
            for (var each : new JdbcTemplate[] {orders, stock}) {
                each.execute("create table if not exists sale (id integer primary key, item varchar(20))");
                each.execute("delete from sale");
            }
        }

        @Transactional
        public void sell() {
            int id = ids.incrementAndGet();
            orders.update("insert into sale values (?, 'lamp')", id);
            stock.update("insert into sale values (?, 'lamp')", id);
        }

        @Transactional
        public void doNothing() {
            // That is the point.
        }

        long sold() {
            var inOrders = orders.queryForObject("select count(*) from sale", Long.class);
            var inStock = stock.queryForObject("select count(*) from sale", Long.class);
            if (inOrders == null || !inOrders.equals(inStock)) {
                throw new IllegalStateException("expected as many rows in both, found " + inOrders + " and " + inStock);
            }
            return inOrders;
        }
    }

    /** A bean of which nothing is asked. */
    static class Empty {

        @Transactional
        public void doNothing() {
            // That is the point.
        }
    }
}
