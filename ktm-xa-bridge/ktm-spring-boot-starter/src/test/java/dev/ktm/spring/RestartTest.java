package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import java.io.File;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.transaction.xa.XAResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** An application that is killed in the middle of a commit finishes it when it starts again, with no code for it. */
@Tag("slow")
class RestartTest {

    private static final int KILLED = 42;

    @TempDir
    Path directory;

    private static SpringApplicationBuilder application(Path home) {
        return StarterTest.application(home)
                .properties(
                        "spring.datasource.url=jdbc:h2:file:" + home.resolve("shop"),
                        "test.audit.url=jdbc:h2:file:" + home.resolve("audit"),
                        "spring.jpa.hibernate.ddl-auto=update",
                        "spring.artemis.embedded.persistent=true",
                        "spring.artemis.embedded.data-directory=" + home.resolve("broker"),
                        "spring.jms.listener.auto-startup=false");
    }

    /** The process that is killed: after all have prepared and it is decided, before anybody is told. */
    static final class Killed {

        private Killed() {}

        /** Sells something, and does not live to tell. */
        public static void main(String[] args) throws Exception {
            var context = application(Path.of(args[0])).run();
            var shop = context.getBean(Application.Shop.class);
            shop.makeTable();
            var killer = (XAResource) Proxy.newProxyInstance(
                    XAResource.class.getClassLoader(),
                    new Class<?>[] {XAResource.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("commit")) {
                            Runtime.getRuntime().halt(KILLED);
                        }
                        return method.getReturnType() == int.class
                                ? Integer.valueOf(XAResource.XA_OK)
                                : method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                    });
            new TransactionTemplate(context.getBean(PlatformTransactionManager.class)).executeWithoutResult(status -> {
                try {
                    context.getBean(Ktm.class)
                            .transactionManager()
                            .getTransaction()
                            .enlistResource(killer);
                } catch (jakarta.transaction.RollbackException | jakarta.transaction.SystemException e) {
                    throw new IllegalStateException(e);
                }
                shop.sell("lamp", false);
            });
        }
    }

    @Test
    void whatWasDecidedIsDoneAfterTheRestart() throws Exception {
        Files.createDirectory(directory.resolve("settings"));
        var output = directory.resolve("output").toFile();
        var child = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Killed.class.getName(),
                        directory.toString()))
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        assertThat(child.waitFor()).as(() -> text(output)).isEqualTo(KILLED);

        try (var context = application(directory).run()) {
            var ktm = context.getBean(Ktm.class);
            ktm.recoverNow();
            var shop = context.getBean(Application.Shop.class);
            assertThat(shop.sold()).containsExactly("lamp");
            assertThat(shop.audited()).containsExactly("lamp");
            assertThat(shop.browse()).containsExactly("lamp");
        }
    }

    private static String text(File file) {
        try {
            return Files.readString(file.toPath());
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }
}
