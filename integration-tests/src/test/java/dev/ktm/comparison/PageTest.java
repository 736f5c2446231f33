package dev.ktm.comparison;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page is made of results alone. To keep another one: its directory is in {@code -Dktm.comparison.page}. */
class PageTest {

    private static final Path SAMPLE = Path.of("src/test/resources/comparison");

    private static final Path DOCUMENTS = Path.of("../ktm-xa-bridge/docs");

    @TempDir
    Path directory;

    private static Map<String, String> files(Path directory) throws IOException {
        var found = new TreeMap<String, String>();
        try (var all = Files.walk(directory)) {
            for (var file : all.filter(Files::isRegularFile).toList()) {
                found.put(directory.relativize(file).toString(), Files.readString(file, UTF_8));
            }
        }
        return found;
    }

    @Test
    void theSameResultsGiveTheSamePage() throws Exception {
        var target = Path.of(System.getProperty("ktm.comparison.page", directory.toString()));

        Page.write(new Results(SAMPLE.resolve("results")), target.resolve("comparison.md"));

        assertThat(files(target)).isEqualTo(files(SAMPLE.resolve("page")));
    }

    @Test
    void theDocumentIsMadeOfTheResultsThatAreKeptWithIt() throws Exception {
        Page.write(new Results(DOCUMENTS.resolve("comparison/results")), directory.resolve("comparison.md"));

        var kept = files(DOCUMENTS.resolve("comparison"));
        kept.keySet().removeIf(name -> name.endsWith(".json"));
        assertThat(files(directory.resolve("comparison"))).isEqualTo(kept);
        assertThat(Files.readString(directory.resolve("comparison.md"), UTF_8))
                .isEqualTo(Files.readString(DOCUMENTS.resolve("comparison.md"), UTF_8));
    }

    @Test
    void chartsAreWellFormed() throws Exception {
        Page.write(new Results(SAMPLE.resolve("results")), directory.resolve("comparison.md"));

        var charts = files(directory.resolve("comparison"));

        assertThat(charts).hasSizeGreaterThan(5);
        for (var chart : charts.keySet()) {
            var document = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(directory.resolve("comparison").resolve(chart).toFile());
            assertThat(document.getElementsByTagName("rect").getLength())
                    .as(chart)
                    .isPositive();
        }
    }

    @Test
    void whatWasNotMeasuredIsSaidToBeSo() throws Exception {
        Page.write(new Results(directory.resolve("none")), directory.resolve("comparison.md"));

        assertThat(files(directory)).containsOnlyKeys("comparison.md");
        assertThat(files(directory).get("comparison.md")).contains("Not measured yet.");
    }

    @Test
    void chartsOfFormerResultsGo() throws Exception {
        Files.createDirectory(directory.resolve("comparison"));
        Files.writeString(directory.resolve("comparison").resolve("old.svg"), "old", UTF_8);

        Page.write(new Results(directory.resolve("none")), directory.resolve("comparison.md"));

        assertThat(directory.resolve("comparison").resolve("old.svg")).doesNotExist();
    }
}
