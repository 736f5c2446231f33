package dev.ktm.spring;

import jakarta.jms.ConnectionFactory;
import jakarta.jms.TextMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.jdbc.XADataSourceWrapper;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.event.TransactionPhase;
import org.springframework.transaction.event.TransactionalEventListener;

/** An application with two databases and a queue. */
@SpringBootApplication
public class Application {

    /** The second database, beside the one that Spring Boot makes of its properties. */
    @Configuration(proxyBeanMethods = false)
    static class Audit {

        @Bean(defaultCandidate = false)
        @Qualifier("audit")
        DataSource auditDataSource(
                XADataSourceWrapper wrapper, @Value("${test.audit.url:jdbc:h2:mem:audit;DB_CLOSE_DELAY=-1}") String url)
                throws Exception {
            var database = new JdbcDataSource();
            database.setURL(url);
            database.setUser("sa");
            return wrapper.wrapDataSource(database);
        }
    }

    /** Something has been sold. */
    record Sold(String item) {}

    /** What the tests call. */
    @Service
    @SuppressWarnings("DesignForExtension")
    static class Shop {

        private final LinkedBlockingQueue<String> received = new LinkedBlockingQueue<>();
        private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
        private final ItemRepository items;
        private final JdbcTemplate audit;
        private final JmsTemplate queue;
        private final ApplicationEventPublisher events;

        Shop(
                ItemRepository items,
                @Qualifier("audit") DataSource audit,
                ConnectionFactory factory,
                ApplicationEventPublisher events) {
            this.items = items;
            this.audit = new JdbcTemplate(audit);
            this.queue = new JmsTemplate(factory);
            this.events = events;
        }

        BlockingQueue<String> received() {
            return received;
        }

        BlockingQueue<String> heard() {
            return heard;
        }

        void makeTable() {
            audit.execute("create table if not exists entry (item varchar(100))");
        }

        List<String> audited() {
            return audit.queryForList("select item from entry order by item", String.class);
        }

        List<String> sold() {
            return items.findAll().stream().map(Item::getId).sorted().toList();
        }

        List<String> browse() {
            var found = queue.browse("sold", (session, browser) -> {
                var all = new ArrayList<String>();
                for (var each = browser.getEnumeration(); each.hasMoreElements(); ) {
                    all.add(((TextMessage) each.nextElement()).getText());
                }
                return all;
            });
            return found == null ? List.of() : found;
        }

        private void doSell(String item) {
            items.saveAndFlush(new Item(item));
            audit.update("insert into entry values (?)", item);
            queue.convertAndSend("sold", item);
            events.publishEvent(new Sold(item));
        }

        @Transactional
        public void sell(String item, boolean fails) {
            doSell(item);
            if (fails) {
                throw new IllegalStateException("out of stock");
            }
        }

        @jakarta.transaction.Transactional
        public void sellByJakarta(String item, boolean fails) {
            sell(item, fails);
        }

        @Transactional(propagation = Propagation.REQUIRES_NEW)
        public void sellApart(String item) {
            doSell(item);
        }

        @Transactional(timeout = 1)
        public void sellSlowly(String item, Runnable slow) {
            doSell(item);
            slow.run();
            audit.update("insert into entry values (?)", item);
        }

        @Transactional(readOnly = true)
        public int count() {
            return sold().size();
        }

        @JmsListener(destination = "sold")
        void receive(String item) {
            received.add(item);
        }

        @TransactionalEventListener(phase = TransactionPhase.AFTER_COMMIT)
        void hear(Sold sold) {
            heard.add(sold.item());
        }
    }
}
