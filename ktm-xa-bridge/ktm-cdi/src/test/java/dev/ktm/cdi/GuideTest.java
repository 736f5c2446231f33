package dev.ktm.cdi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.Transactional;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The example in the guide is this code. */
class GuideTest {

    private static final Path SOURCE = Path.of("src/test/java/dev/ktm/cdi/GuideTest.java");
    private static final Path GUIDE = Path.of("../docs/cdi.md");
    private static final Pattern EXAMPLE =
            Pattern.compile("\\n +// guide\\n(.*?)\\n +// end of guide\\n", Pattern.DOTALL);

    @Test
    void theGuideHasThisExample() throws Exception {
        var guide = Files.readString(GUIDE);

        var examples = EXAMPLE.matcher(Files.readString(SOURCE)).results().toList();

        assertThat(examples).hasSize(1);
        assertThat(examples).allSatisfy(example -> {
            var code = example.group(1).stripIndent();
            assertThat(guide).contains("```java\n" + code + "\n```");
        });
    }

    /** Left out by beans.xml: the other tests have a coordinator of their own. */
    static class Example {
        // guide
        @ApplicationScoped
        static class Configuration {
            @Produces
            @Singleton
            Ktm coordinator() {
                return Ktm.open(
                        KtmOptions.builder().logDirectory(Path.of("ktm-log")).build());
            }

            void close(@Disposes Ktm coordinator) {
                coordinator.close();
            }
        }

        @ApplicationScoped
        static class Orders {
            @Inject
            TransactionSynchronizationRegistry registry;

            @Transactional
            public void place(String what) {
                // whatever is enlisted here is committed when the method returns, and rolled back when it throws
            }
        }
        // end of guide
    }
}
