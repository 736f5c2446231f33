package dev.ktm.spring.guide;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.transaction.annotation.Transactional;

/** An application with a database and a queue. */
@SuppressWarnings("NullAway.Init")
// guide
@SpringBootApplication
public class ShopApplication {
    @Autowired
    JdbcTemplate database;

    @Autowired
    JmsTemplate queue;

    @Transactional
    public void sell(String item) {
        database.update("insert into sale values (?)", item);
        queue.convertAndSend("sold", item);
    }
}
// end of guide
