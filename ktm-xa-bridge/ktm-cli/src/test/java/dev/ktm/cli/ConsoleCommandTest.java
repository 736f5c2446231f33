package dev.ktm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.console.Console;
import dev.ktm.console.ConsoleOptions;
import dev.ktm.console.ConsoleServer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tool tells the link of a page for a browser. */
class ConsoleCommandTest {

    @TempDir
    private Path directory;

    @Test
    void theLinkIsToldToWhoMayOperate() throws Exception {
        try (var site = new Site(directory);
                var server = ConsoleServer.open(site.ktm.operations(), ConsoleOptions.defaults())) {
            var spoken = site.ask("console");

            assertThat(spoken.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(spoken.out()).isEqualToIgnoringNewLines(server.link() + "\n");
            assertThat(site.ask("console", "--json").json().at("/link").asText())
                    .isEqualTo(server.link().toString());
        }
    }

    @Test
    void aLinkThatLetsOneActSaysSo() throws Exception {
        try (var site = new Site(directory);
                var server = ConsoleServer.open(
                        site.ktm.operations(), ConsoleOptions.defaults().withActing(true))) {
            assertThat(site.ask("console").out())
                    .startsWith(server.link().toString())
                    .contains("may also act");
        }
    }

    @Test
    void noPageAndOneThatNobodyServesAreSaid() throws Exception {
        try (var site = new Site(directory)) {
            var none = site.ask("console");
            assertThat(none.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(none.err()).contains("ktm.console.enabled=true");
            try (var console = new Console(site.ktm.operations(), ConsoleOptions.defaults())) {
                assertThat(site.ask("console").err()).contains("its host has not said so");
                assertThat(site.ask("console", "--json").code()).isEqualTo(ExitCode.NOT_FOUND.number());
                console.isServedAt("https://shop.example/ktm/");
                assertThat(site.ask("console").out()).contains("https://shop.example/ktm/#token=" + console.token());
            }
        }
    }

    @Test
    void severalAreListedAndOneIsNamed() throws Exception {
        try (var site = new Site(directory);
                var first = ConsoleServer.open(site.ktm.operations(), ConsoleOptions.defaults());
                var second = ConsoleServer.open(
                        site.ktm.operations(), ConsoleOptions.defaults().withActing(true))) {
            var all = site.ask("console");
            assertThat(all.code()).isEqualTo(ExitCode.DONE.number());
            assertThat(all.out())
                    .contains(first.link().toString(), second.link().toString());
            for (var each : site.ask("console", "--json").json()) {
                assertThat(site.ask("console", "--name", each.at("/name").asText())
                                .out())
                        .startsWith(each.at("/link").asText());
            }
        }
    }
}
