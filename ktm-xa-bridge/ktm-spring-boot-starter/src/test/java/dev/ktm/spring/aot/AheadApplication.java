package dev.ktm.spring.aot;

import dev.ktm.Ktm;
import dev.ktm.file.TransactedFiles;
import org.springframework.aot.AotDetector;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Sells something, and says what it is. */
@SpringBootApplication
public class AheadApplication {

    /** What is called. */
    @Service
    @SuppressWarnings("DesignForExtension")
    static class Shop {

        private final JdbcTemplate database;
        private final JmsTemplate queue;

        Shop(JdbcTemplate database, JmsTemplate queue) {
            this.database = database;
            this.queue = queue;
        }

        @Transactional
        public void sell(String item, boolean fails) {
            database.update("insert into sale values (?)", item);
            queue.convertAndSend("sold", item);
            if (fails) {
                throw new IllegalStateException("out of stock");
            }
        }
    }

    /** The program. */
    public static void main(String[] args) {
        try (var context = SpringApplication.run(AheadApplication.class, args)) {
            var database = context.getBean(JdbcTemplate.class);
            database.execute("create table sale (item varchar(10))");
            var shop = context.getBean(Shop.class);
            shop.sell("lamp", false);
            try {
                shop.sell("chair", true);
            } catch (IllegalStateException e) {
                // It is to be undone.
            }
            System.out.println("ahead of time: " + AotDetector.useGeneratedArtifacts());
            System.out.println("sold: " + database.queryForList("select item from sale", String.class));
            System.out.println(
                    "resource managers: " + context.getBean(Ktm.class).resourceManagers());
            System.out.println("files: "
                    + context.getBean("settingsFiles", TransactedFiles.class)
                            .fileSystem()
                            .isOpen());
        }
    }
}
