package dev.ktm.tomee;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.ejb.EJB;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.openejb.OpenEJB;
import org.apache.openejb.jee.EjbJar;
import org.apache.openejb.jee.jpa.unit.PersistenceUnit;
import org.apache.openejb.testing.ApplicationComposers;
import org.apache.openejb.testing.Classes;
import org.apache.openejb.testing.Configuration;
import org.apache.openejb.testing.Module;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Resource adapters work in KTM's transactions, both ways, and are asked for their branches. */
@SuppressWarnings("NullAway.Init")
class ConnectorTest {

    @TempDir
    Path directory;

    private final ApplicationComposers composers = new ApplicationComposers(Application.class);

    private Application application;
    private KtmTransactionManager manager;
    private MailAdapter mail;
    private MailResource.Office outgoing;

    /** The application. */
    @SuppressWarnings("NullAway.Init")
    public static final class Application {

        private final Properties properties;

        @EJB
        Shop shop;

        Application(Properties properties) {
            this.properties = properties;
        }

        @Configuration
        public Properties configuration() {
            return properties;
        }

        @Module
        @Classes({Shop.class, MailBean.class})
        public EjbJar beans() {
            return new EjbJar("mail");
        }

        @Module
        public PersistenceUnit items() {
            return Server.unit();
        }
    }

    @BeforeEach
    void start() throws Exception {
        var settings = Settings.shop(directory, "mail" + directory.getFileName())
                .with("mail", "new://Resource?class-name=" + MailAdapter.class.getName())
                .with("post", "new://Resource?class-name=" + Post.Factory.class.getName())
                .with("post.TransactionSupport", "xa")
                .with("inbox", "new://Container?type=MESSAGE")
                .with("inbox.ResourceAdapter", "mail")
                .with("inbox.MessageListenerInterface", MailListener.class.getName())
                .with("inbox.ActivationSpecClass", MailSpec.class.getName());
        application = new Application(settings.properties());
        composers.before(application);
        application.shop.makeTables();
        manager = (KtmTransactionManager) OpenEJB.getTransactionManager();
        mail = (MailAdapter) application.shop.lookUp("openejb:Resource/mail");
        outgoing = (MailResource.Office) ((Post) application.shop.lookUp("openejb:Resource/post")).office();
    }

    @AfterEach
    void stop() throws Exception {
        composers.after();
    }

    @Test
    void aMessageItsRowAndItsAnswerCommitTogether() throws Exception {
        mail.deliver("hello");

        assertThat(application.shop.noted()).containsExactly("hello");
        assertThat(mail.office.calls).containsSubsequence("start", "end", "prepare", "commit");
        assertThat(outgoing.calls).containsSubsequence("start", "end", "prepare", "commit");
    }

    @Test
    void aMessageThatCannotBeAnsweredIsRolledBackWithItsRow() throws Exception {
        assertThatThrownBy(() -> mail.deliver("bad")).isInstanceOf(Exception.class);

        assertThat(application.shop.noted()).isEmpty();
        assertThat(mail.office.calls).contains("rollback").doesNotContain("commit");
        assertThat(outgoing.calls).contains("rollback").doesNotContain("commit");
    }

    @Test
    void aConnectorIsRecoveredByTheNameOfItsResource() {
        assertThat(manager.ktm().resourceManagers()).contains("post");
    }

    @Test
    void whatAConnectorCouldNotCommitIsCommittedByRecovery() throws Exception {
        outgoing.isFailing = true;
        mail.deliver("hello");
        assertThat(outgoing.prepared).hasSize(1);

        outgoing.isFailing = false;
        manager.ktm().recoverNow();

        assertThat(outgoing.prepared).isEmpty();
        assertThat(manager.ktm().manager().transactions()).isEmpty();
    }

    @Test
    void whatAMessageCouldNotCommitIsCommittedByRecovery() throws Exception {
        mail.office.isFailing = true;
        mail.deliver("hello");
        assertThat(mail.office.prepared).hasSize(1);

        mail.office.isFailing = false;
        manager.ktm().recoverNow();

        assertThat(mail.office.prepared).isEmpty();
        assertThat(manager.ktm().manager().transactions()).isEmpty();
    }

    @Test
    void resourceAdaptersAreGivenTheTerminatorAndTheRegistryOfKtm() {
        assertThat(mail.context().getXATerminator()).isSameAs(manager);
        assertThat(mail.context().getTransactionSynchronizationRegistry()).isSameAs(manager);
    }
}
