package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.enterprise.transaction.spi.RecoveryResourceHandler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ForeignFeedTest {

    private final List<String> closed = new CopyOnWriteArrayList<>();

    /** Opens a connection, and then fails or hangs. */
    @SuppressWarnings({"rawtypes", "unchecked"})
    private class Handler implements RecoveryResourceHandler {

        private final Runnable next;

        Handler(Runnable next) {
            this.next = next;
        }

        @Override
        public void loadXAResourcesAndItsConnections(List resources, List connections) {
            resources.add(null);
            connections.add("connection");
            next.run();
        }

        @Override
        public void closeConnections(List connections) {
            connections.forEach(each -> closed.add(each.toString()));
            if (!connections.isEmpty()) {
                throw new IllegalStateException("no");
            }
        }
    }

    @Test
    void whatFailsIsNamedAndClosedOnce() {
        var feed = new ForeignFeed(new Handler(() -> {
            throw new IllegalStateException("no");
        }));

        assertThatThrownBy(feed::getXAResources).hasMessageContaining(Handler.class.getName());
        feed.close();

        assertThat(feed.getXAResources()).isEmpty();
        assertThat(closed).containsExactly("connection");
    }

    @Test
    void closingDoesNotWaitForWhatHangs() throws Exception {
        var asked = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var feed = new ForeignFeed(new Handler(() -> {
            asked.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }));
        var answer = CompletableFuture.supplyAsync(feed::getXAResources);
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();

        feed.close(1);

        assertThat(closed).isEmpty();
        goOn.countDown();
        assertThat(answer.get(20, TimeUnit.SECONDS)).isEmpty();
        assertThat(closed).containsExactly("connection");
    }
}
