package dev.ktm.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.AmbiguousResolutionException;
import jakarta.enterprise.inject.Produces;
import jakarta.enterprise.inject.se.SeContainer;
import jakarta.enterprise.inject.se.SeContainerInitializer;
import jakarta.inject.Inject;
import jakarta.transaction.Status;
import jakarta.transaction.Transactional;
import jakarta.transaction.UserTransaction;
import java.nio.file.Path;
import org.apache.openwebbeans.se.OWBInitializer;
import org.jboss.weld.environment.se.Weld;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that says little or nothing of its coordinator. */
class DefaultCoordinatorTest {

    @TempDir
    Path directory;

    @Dependent
    static class Application {
        @Inject
        @Nullable
        UserTransaction userTransaction;

        UserTransaction transaction() {
            if (userTransaction == null) {
                throw new IllegalStateException("not injected");
            }
            return userTransaction;
        }

        @Transactional
        public void work() {
            // Nothing: what counts is that there is a coordinator.
        }
    }

    @ApplicationScoped
    static class Options {
        @Produces
        @Dependent
        KtmOptions options() {
            return KtmOptions.builder().inMemory().build();
        }
    }

    @ApplicationScoped
    static class MoreOptions {
        @Produces
        @Dependent
        KtmOptions options() {
            return KtmOptions.builder().inMemory().build();
        }
    }

    @ApplicationScoped
    static class ManyCoordinators {
        @Produces
        @Dependent
        Ktm ktm() {
            return Ktm.open(KtmOptions.builder().inMemory().build());
        }
    }

    @AfterEach
    void clear() {
        System.clearProperty(KtmExtension.LOG_DIRECTORY);
    }

    private static SeContainer container(Class<?>... beans) {
        return new OWBInitializer().disableDiscovery().addBeanClasses(beans).initialize();
    }

    @Test
    void whoSaysNothingIsToldWhatToSay() {
        try (var container = container(Application.class)) {
            assertThatThrownBy(container.select(Application.class).get().transaction()::begin)
                    .hasStackTraceContaining(KtmExtension.LOG_DIRECTORY)
                    .hasStackTraceContaining("say where the log is to be kept");
        }
    }

    @Test
    void thePropertySaysWhereTheLogIsWhichIsClosedWithTheContainer() throws Exception {
        var log = directory.resolve("log");
        System.setProperty(KtmExtension.LOG_DIRECTORY, log.toString());
        try (var container = container(Application.class)) {
            container.select(Application.class).get().work();
            assertThat(log).isNotEmptyDirectory();
        }
        Ktm.open(KtmOptions.builder().logDirectory(log).build()).close();
    }

    @Test
    void aBeanOfOptionsIsEnough() throws Exception {
        try (var container = container(Application.class, Options.class)) {
            var transaction = container.select(Application.class).get().transaction();
            transaction.begin();
            assertThat(transaction.getStatus()).isEqualTo(Status.STATUS_ACTIVE);
            transaction.commit();
        }
    }

    @Test
    void ofTwoBeansOfOptionsNeitherIsTaken() {
        try (var container = container(Application.class, Options.class, MoreOptions.class)) {
            var application = container.select(Application.class).get();

            assertThatThrownBy(application::work).isInstanceOf(AmbiguousResolutionException.class);
        }
    }

    @Test
    void aCoordinatorForEachInjectionPointIsRefused() {
        // OpenWebBeans does not forget the class loader of what it could not start.
        var ownLoader = new ClassLoader(getClass().getClassLoader()) {};

        isRefused(new OWBInitializer().setClassLoader(ownLoader));
        isRefused(new Weld().addExtensions(new KtmExtension()));
    }

    private static void isRefused(SeContainerInitializer initializer) {
        initializer.disableDiscovery().addBeanClasses(Application.class, ManyCoordinators.class);

        assertThatThrownBy(initializer::initialize)
                .hasStackTraceContaining("that is @Singleton, found")
                .hasStackTraceContaining("which is @Dependent");
    }
}
