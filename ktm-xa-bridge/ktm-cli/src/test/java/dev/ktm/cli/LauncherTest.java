package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that runs the tool. */
class LauncherTest {

    private static final Path SCRIPT = Path.of("src", "main", "scripts", "ktm").toAbsolutePath();

    @TempDir
    private Path directory;

    @BeforeEach
    void needsAShell() {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
    }

    /** A jar that runs the tool from where its classes are. */
    private void makeJar(Path path) throws IOException {
        var manifest = new Manifest();
        var main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.put(Attributes.Name.MAIN_CLASS, KtmTool.class.getName());
        main.put(
                Attributes.Name.CLASS_PATH,
                String.join(
                        " ",
                        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                                .map(each -> Path.of(each).toUri().toString())
                                .toList()));
        new JarOutputStream(Files.newOutputStream(path), manifest).close();
    }

    private Spoken run(Path script, Map<String, String> environment, String... words) throws Exception {
        var command = new ArrayList<>(List.of("/bin/sh", script.toString()));
        command.addAll(List.of(words));
        var builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().remove("KTM_CLI_JAR");
        builder.environment().putAll(environment);
        var process = builder.start();
        process.getOutputStream().close();
        var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Spoken(process.exitValue(), out, err);
    }

    @Test
    void itFindsTheJarBesideItAlsoBehindALink() throws Exception {
        var home = Files.createDirectories(directory.resolve("opt/a place"));
        Files.copy(SCRIPT, home.resolve("ktm"));
        makeJar(home.resolve("ktm-cli-1.0-all.jar"));
        var link = Files.createSymbolicLink(directory.resolve("ktm"), Path.of("opt", "a place", "ktm"));

        var spoken = run(link, Map.of(), "--version");

        assertThat(spoken.err()).isEmpty();
        assertThat(spoken.out()).startsWith("ktm ");
        assertThat(spoken.code()).isZero();
    }

    @Test
    void itPassesWordsAndTheExitCodeOn() throws Exception {
        makeJar(directory.resolve("tool.jar"));

        var spoken = run(
                SCRIPT,
                Map.of("KTM_CLI_JAR", directory.resolve("tool.jar").toString()),
                "list",
                "tms",
                "--log",
                directory.resolve("no where").toString());

        assertThat(spoken.err()).contains("no where");
        assertThat(spoken.code()).isEqualTo(ExitCode.NOT_FOUND.number());
    }

    @Test
    void aJarThatIsNotWhereItWasSaidToBeIsNamed() throws Exception {
        var spoken = run(SCRIPT, Map.of("KTM_CLI_JAR", "/no/such.jar"), "--version");

        assertThat(spoken.code()).isEqualTo(ExitCode.NOT_FOUND.number());
        assertThat(spoken.err()).contains("where KTM_CLI_JAR says", "/no/such.jar");
    }

    @Test
    void withoutTheJarItSaysWhereItShouldBe() throws Exception {
        Files.copy(SCRIPT, directory.resolve("ktm"));

        var spoken = run(directory.resolve("ktm"), Map.of(), "--version");

        assertThat(spoken.code()).isEqualTo(ExitCode.NOT_FOUND.number());
        assertThat(spoken.err()).contains("expected ktm-cli-VERSION-all.jar beside");
    }
}
