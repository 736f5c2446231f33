package dev.ktm.example.boot;

import dev.ktm.file.TransactedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Takes orders and prints them. Each method is one transaction over the database, the files and the queue. */
@Service
@SuppressWarnings("DesignForExtension")
public class PrintShop {

    private static final int MOST_COPIES = 100;

    private final PrintOrders orders;
    private final TransactedFiles receipts;
    private final JmsTemplate queue;

    PrintShop(PrintOrders orders, TransactedFiles receipts, JmsTemplate queue) {
        this.orders = orders;
        this.receipts = receipts;
        this.queue = queue;
    }

    Path receipt(String id) {
        return receipts.fileSystem().getPath(id + ".txt");
    }

    /** The order, its receipt, and the message to the printer; or none of them. */
    @Transactional(rollbackFor = Exception.class)
    public void take(String id, int copies) throws IOException {
        orders.save(new PrintOrder(id, copies));
        Files.writeString(receipt(id), copies + " copies\n");
        queue.convertAndSend("to-print", id);
        if (copies > MOST_COPIES) {
            throw new IllegalArgumentException("expected at most " + MOST_COPIES + " copies, found " + copies);
        }
    }

    /** The message is gone, the order is printed and the receipt says so; or the message comes again. */
    @JmsListener(destination = "to-print")
    @Transactional(rollbackFor = Exception.class)
    public void print(String id) throws IOException {
        var order = orders.findById(id).orElseThrow();
        order.print();
        Files.writeString(receipt(id), order.copies() + " copies, printed\n");
    }
}
