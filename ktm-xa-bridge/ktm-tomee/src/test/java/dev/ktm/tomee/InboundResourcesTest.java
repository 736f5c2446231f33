package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.ResourceAdapter;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAResource;
import org.apache.openejb.assembler.classic.Assembler.ResourceAdapterReference;
import org.apache.openejb.assembler.classic.event.ResourceBeforeDestroyed;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whom the containers of message-driven beans have asked for branches. */
class InboundResourcesTest {

    private final Ktm ktm = Ktm.open(KtmOptions.builder().inMemory().build());
    private final InboundResources inbound = new InboundResources(ktm);
    private final ActivationSpec activation = new MailSpec();
    private final Counting former = new Counting();
    private final Counting newer = new Counting();

    @AfterEach
    void close() {
        ktm.close();
    }

    /** Counts how often it is asked. */
    private static final class Counting extends MailAdapter {

        private final AtomicInteger asked = new AtomicInteger();

        @Override
        public XAResource[] getXAResources(ActivationSpec[] specs) {
            asked.incrementAndGet();
            return super.getXAResources(specs);
        }
    }

    private int timesAskedNow(Counting adapter) {
        int before = adapter.asked.get();
        ktm.recoverNow();
        return adapter.asked.get() - before;
    }

    private void destroyed(Object adapter) {
        new ResourceObserver(new KtmTransactionManager(ktm), inbound)
                .destroyed(new ResourceBeforeDestroyed(adapter, "mail"));
    }

    @Test
    void aContainerThatComesAgainWithAnotherAdapterHasOnlyThatOneAsked() {
        inbound.recover(former, activation, "inbox");
        assertThat(timesAskedNow(former)).isPositive();

        inbound.recover(newer, activation, "inbox");

        assertThat(timesAskedNow(newer)).isPositive();
        assertThat(timesAskedNow(former)).isZero();
    }

    @Test
    void anAdapterThatGoesIsAskedNoMore() {
        inbound.recover(former, activation, "inbox");
        inbound.recover(newer, activation, "outbox");

        destroyed(new ResourceAdapterReference(former, Runnable::run, "mail"));

        assertThat(timesAskedNow(former)).isZero();
        assertThat(timesAskedNow(newer)).isPositive();
        destroyed((ResourceAdapter) newer);
        assertThat(timesAskedNow(newer)).isZero();
    }
}
