package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.transaction.xa.XAException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The guides are played: everything happens that they tell of, and the tool says what stands there. */
class GuidesTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"runbook.md", "operating.md"})
    @Conforms({"OPS-13", "OPS-15"})
    void whatStandsInTheGuideHappens(String name) throws Exception {
        var guide = Path.of("..", "docs", name);
        var found = Path.of("target", name);
        try (var site = new Site(directory)) {
            var transcript = new Transcript(new Play(site));

            var written = transcript.rewrite(Files.readString(guide));

            Files.createDirectories(Path.of("target"));
            Files.writeString(found, written);
            assertThat(String.join("\n\n", transcript.differences()))
                    .as("read " + found + ", and copy it to " + guide + " if that is what should happen")
                    .isEmpty();
        }
    }

    private record Play(Site site) implements Transcript.Stage {

        @Override
        public void scene(String name) throws Exception {
            switch (name) {
                case "superior prepares order-4711 and is gone" -> site.prepareUnderSuperior("order-4711");
                case "superior prepares order-4712 and is gone" -> site.prepareUnderSuperior("order-4712");
                case "superior comes back and commits order-4712" -> superiorCommits();
                case "stock is lost while a transaction commits" ->
                    site.commitAndLeaveStockAnswering(XAException.XAER_RMFAIL);
                case "stock has rolled back what should commit" -> {
                    site.stock.onCommit = 0;
                    site.commitWhileStockAnswers(XAException.XA_HEURRB);
                }
                case "audit is lost while it decides" -> site.loseAuditWhileItDecides();
                case "superior prepares order-4713 and the application stops" -> {
                    site.prepareUnderSuperior("order-4713");
                    site.ktm.close();
                }
                case "a registry and files are open" -> site.openRegistryAndFiles();
                default -> throw new IllegalArgumentException("no such scene: " + name);
            }
        }

        private void superiorCommits() throws Exception {
            try {
                site.commitBySuperior("order-4712");
            } catch (XAException e) {
                // It is told that this was done otherwise.
                assertThat(e.errorCode).isEqualTo(XAException.XA_HEURRB);
            }
        }

        @Override
        public Spoken run(List<String> words) {
            return Spoken.run(
                    "", false, Map.of("KTM_CHANNELS", site.channels.toString()), words.toArray(String[]::new));
        }

        @Override
        public Map<String, String> places() {
            var places = new LinkedHashMap<String, String>();
            places.put(site.log.toString(), "/var/lib/shop/ktm");
            places.put(site.log.resolveSibling("settings").toString(), "/etc/shop");
            places.put(site.log.resolveSibling("settings") + "/app.conf", "/etc/shop/app.conf");
            places.put(site.channels.toString(), "/tmp/ktm-shop");
            places.put(HeldResource.class.getName(), "com.example.XaDatabase");
            places.put(System.getProperty("user.name") + " (ktm)", "shop (ktm)");
            places.put("owner " + System.getProperty("user.name"), "owner shop");
            places.put("a directory of " + System.getProperty("user.name"), "a directory of shop");
            return places;
        }
    }
}
