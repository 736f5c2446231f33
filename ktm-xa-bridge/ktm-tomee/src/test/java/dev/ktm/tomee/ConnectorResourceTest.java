package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.transaction.SystemException;
import java.nio.file.Path;
import java.util.Objects;
import org.apache.geronimo.transaction.manager.NamedXAResource;
import org.apache.geronimo.transaction.manager.NamedXAResourceFactory;
import org.apache.geronimo.transaction.manager.WrapperNamedXAResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A connector's branches are found again by its name. */
class ConnectorResourceTest {

    @TempDir
    Path directory;

    private final MailResource.Office post = new MailResource.Office();
    private final MailResource.Office parcels = new MailResource.Office();

    private Ktm open() {
        return Ktm.open(KtmOptions.builder().logDirectory(directory).build());
    }

    private static NamedXAResource resource(String name, MailResource.Office office) {
        return new WrapperNamedXAResource(office.resource(), name);
    }

    /** A connector; one that is not reachable gives nothing to recover. */
    private record Connector(String name, MailResource.Office office, boolean isReachable)
            implements NamedXAResourceFactory {

        @Override
        public String getName() {
            return name;
        }

        @Override
        public NamedXAResource getNamedXAResource() throws SystemException {
            if (!isReachable) {
                throw new SystemException("not reachable");
            }
            return resource(name, office);
        }

        @Override
        public void returnNamedXAResource(NamedXAResource resource) {}
    }

    private KtmTransactionManager managerOf(Ktm ktm, boolean isReachable) {
        var manager = new KtmTransactionManager(ktm);
        manager.registerNamedXAResourceFactory(new Connector("post", post, isReachable));
        manager.registerNamedXAResourceFactory(new Connector("parcels", parcels, isReachable));
        return manager;
    }

    @Test
    void whatAConnectorHasCommittedIsFinishedAlthoughItCouldNotBeAskedBefore() throws Exception {
        try (var ktm = open()) {
            var manager = managerOf(ktm, false);
            manager.begin();
            var transaction = Objects.requireNonNull(manager.getTransaction());
            transaction.enlistResource(resource("post", post));
            transaction.enlistResource(resource("parcels", parcels));
            post.isFailing = true;
            manager.commit();
        }
        // It has heard of the commit; only its answer was lost.
        post.prepared.clear();
        post.isFailing = false;

        try (var ktm = open()) {
            assertThat(ktm.manager().transactions()).hasSize(1);
            managerOf(ktm, true);
            ktm.recoverNow();

            assertThat(ktm.manager().transactions()).isEmpty();
        }
    }
}
