package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a run of the CDI TCK has left behind. The profile "cdi-tck" runs this after it, and nothing else does. */
class CdiTckProof {

    @Test
    void everyTransactionWasOneOfTheCoordinatorWithThisLog() throws Exception {
        var log = Path.of(System.getProperty("cdi-tck.directory"), "ktm-log");

        try (var ktm = Ktm.open(KtmOptions.builder().logDirectory(log).build())) {
            var identity = " " + ktm.manager().identity();
            assertThat(Files.readAllLines(DistributedTransactionManager.branches()))
                    .contains("prepare" + identity, "commit" + identity, "rollback" + identity)
                    .allMatch(line -> line.endsWith(identity));
            assertThat(ktm.manager().transactions()).isEmpty();
        }
    }
}
