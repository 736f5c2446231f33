package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.spring.aot.AheadApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.CallableStatement;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;

/** An application that Spring has processed ahead of time works like any other. */
@Tag("campaign")
class AotTest {

    private static final String CLASS_PATH =
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

    @TempDir
    Path directory;

    private String java(String classPath, List<String> more) throws Exception {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath));
        command.addAll(more);
        var output = directory.resolve("output").toFile();
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        int exit = process.waitFor();
        var text = Files.readString(output.toPath());
        assertThat(exit).as(text).isZero();
        return text;
    }

    private List<String> properties() {
        return List.of(
                "--spring.datasource.url=jdbc:h2:mem:ahead",
                "--spring.artemis.mode=embedded",
                "--spring.main.web-application-type=none",
                "--spring.jpa.hibernate.ddl-auto=none",
                "--ktm.log-directory=" + directory.resolve("log"),
                "--ktm.files.settings=" + directory.resolve("settings"));
    }

    @Test
    void anApplicationThatIsProcessedAheadOfTimeWorks() throws Exception {
        Files.createDirectory(directory.resolve("settings"));
        var sources = directory.resolve("sources");
        var resources = directory.resolve("resources");
        var classes = directory.resolve("classes");
        var processing = new ArrayList<>(List.of(
                "org.springframework.boot.SpringApplicationAotProcessor",
                AheadApplication.class.getName(),
                sources.toString(),
                resources.toString(),
                classes.toString(),
                "dev.ktm",
                "ahead"));
        processing.addAll(properties());
        java(CLASS_PATH, processing);
        compile(sources, classes);

        var separator = System.getProperty("path.separator");
        var running = new ArrayList<>(List.of("-Dspring.aot.enabled=true", AheadApplication.class.getName()));
        running.addAll(properties());
        var output = java(String.join(separator, classes.toString(), resources.toString(), CLASS_PATH), running);

        assertThat(output)
                .contains("ahead of time: true")
                .contains("sold: [lamp]")
                .contains("resource managers: [dataSource, jmsConnectionFactory]")
                .contains("files: true");
    }

    private static void compile(Path sources, Path classes) throws IOException {
        var command = new ArrayList<>(List.of(
                "-nowarn",
                "-proc:none",
                "-cp",
                classes + System.getProperty("path.separator") + CLASS_PATH,
                "-d",
                classes.toString()));
        try (var all = Files.walk(sources)) {
            all.map(Path::toString).filter(each -> each.endsWith(".java")).forEach(command::add);
        }
        int exit = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler())
                .run(null, null, null, command.toArray(String[]::new));
        assertThat(exit).isZero();
    }

    @Test
    void aNativeImageKeepsWhatIsUsedThroughProxies() {
        var hints = new RuntimeHints();
        new KtmRuntimeHints().registerHints(hints, null);
        assertThat(List.of(
                        Statement.class,
                        PreparedStatement.class,
                        CallableStatement.class,
                        ResultSet.class,
                        DatabaseMetaData.class))
                .allSatisfy(each -> assertThat(RuntimeHintsPredicates.proxies().forInterfaces(each))
                        .accepts(hints));
        assertThat(RuntimeHintsPredicates.reflection().onType(Thread.class)).accepts(hints);
    }
}
