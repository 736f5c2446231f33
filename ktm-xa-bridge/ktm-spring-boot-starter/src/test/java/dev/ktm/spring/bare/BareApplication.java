package dev.ktm.spring.bare;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

/** Has no database, no broker, no files. */
@SpringBootApplication
public class BareApplication {

    /** The program. */
    public static void main(String[] args) {
        try (var context = SpringApplication.run(BareApplication.class, args)) {
            var template = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
            System.out.println("by: "
                    + context.getBean(PlatformTransactionManager.class)
                            .getClass()
                            .getSimpleName());
            System.out.println("in a transaction: " + template.execute(TransactionStatus::isNewTransaction));
        }
    }
}
