package dev.ktm;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds of a coordinator as a whole. */
class KtmTest {

    /** An application of several that share a coordinator may be the first to use it, and is undeployed before the others. */
    @Test
    void noThreadKeepsTheClassLoaderOfWhoeverOpenedIt(@TempDir Path directory) throws Exception {
        var current = Thread.currentThread();
        var former = current.getContextClassLoader();
        try (var application = new URLClassLoader(new URL[0], former)) {
            current.setContextClassLoader(application);
            try (var ktm = Ktm.open(
                    KtmOptions.builder().logDirectory(directory).parallel(true).build())) {
                ktm.userTransaction().begin();
                ktm.userTransaction().commit();
                ktm.recoverNow();
                current.setContextClassLoader(former);

                assertThat(Thread.getAllStackTraces().keySet())
                        .filteredOn(each -> each.getContextClassLoader() == application)
                        .isEmpty();
            }
        } finally {
            current.setContextClassLoader(former);
        }
    }
}
