package dev.ktm.publication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What we publish is what the security guide and the bill of materials say. */
class PublicationTest {

    private static final Path ROOT = Path.of(System.getProperty("ktm.root"));
    private static final Path GUIDE = ROOT.resolve("ktm-xa-bridge/docs/security.md");
    private static final Pattern ROW = Pattern.compile("\\| `(ktm-[a-z-]+)` \\| ([^|]*) \\|.*");
    private static final Pattern NAME = Pattern.compile("`([a-zA-Z0-9.-]+:[a-zA-Z0-9.-]+)`");

    private final List<PublishedModule> published = PublishedModule.below(ROOT);

    PublicationTest() throws IOException {}

    @Test
    void whatIsPublishedIsInTheBillOfMaterialsWithItsLicence() throws IOException {
        var bill = billOfMaterials();

        assertThat(published).extracting(PublishedModule::name).contains("ktm-log", "ktm-jta", "ktm-xa-jdbc");
        assertThat(published)
                .as("integration-tests/publication/pom.xml depends on every module that is published")
                .allSatisfy(module -> {
                    var found = bill.components().get("dev.ktm:" + module.name());
                    assertThat(found).as(module.name()).isNotNull();
                    assertThat(found.licences()).as(module.name()).containsExactly("Apache-2.0");
                });
        assertThat(bill.components().keySet().stream().filter(name -> name.startsWith("dev.ktm:")))
                .as("nothing of ours that is not published")
                .hasSameSizeAs(published);
    }

    @Test
    void whatComesWithItHasALicenceAndChecksums() throws IOException {
        assertThat(billOfMaterials().components()).isNotEmpty().allSatisfy((name, component) -> {
            assertThat(component.licences()).as(name).isNotEmpty();
            assertThat(component.hashes()).as("checksums of %s", name).isPositive();
        });
    }

    @Test
    void whatComesWithEachModuleIsInTheGuide() throws IOException {
        var bill = billOfMaterials();

        assertThat(guide("comes with it"))
                .as(GUIDE.toString())
                .isEqualTo(published.stream()
                        .collect(Collectors.toMap(
                                PublishedModule::name, module -> new TreeSet<>(bill.broughtBy(module.name())))));
    }

    /** This needs no bill of materials, so it holds without a network as well. */
    @Test
    void whatEachModuleDeclaresIsInTheGuide() throws IOException {
        var brought = guide("comes with it");
        var optional = guide("optional");

        assertThat(brought.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        published.stream().map(PublishedModule::name).toList());
        assertThat(published).allSatisfy(module -> {
            assertThat(brought.get(module.name())).as(module.name()).containsAll(module.brings());
            assertThat(optional.get(module.name())).as(module.name()).isEqualTo(module.optional());
        });
    }

    private static BillOfMaterials billOfMaterials() throws IOException {
        assumeFalse(
                "offline true".equals(System.getProperty("ktm.network")),
                "Maven makes no bill of materials without a network");
        assertThat(ROOT.resolve("target/bom.json")).isNotEmptyFile();
        return BillOfMaterials.read(ROOT.resolve("target/bom.xml"));
    }

    /** The names in each module's row of the guide: those behind "optional:", or those before. */
    private static Map<String, Set<String>> guide(String kind) throws IOException {
        var rows = new TreeMap<String, Set<String>>();
        for (var line : Files.readAllLines(GUIDE)) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                var parts = (row.group(2) + " ").split("optional:", 2);
                var text = kind.equals("optional") ? (parts.length > 1 ? parts[1] : "") : parts[0];
                rows.put(
                        row.group(1),
                        NAME.matcher(text)
                                .results()
                                .map(found -> found.group(1))
                                .collect(Collectors.toCollection(TreeSet::new)));
            }
        }
        return rows;
    }
}
