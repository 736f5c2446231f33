package dev.ktm.example.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The example, with its own properties, started twice. */
class PrintShopTest {

    private static final Duration LONGEST_PRINT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    /** What the build is told below "ktm." is not for the application, which would refuse it. */
    @BeforeAll
    static void forgetWhatTheBuildIsTold() {
        System.getProperties().keySet().removeIf(each -> each.toString().startsWith("ktm."));
    }

    private ConfigurableApplicationContext start() {
        Map<String, Object> properties = new TreeMap<>(Map.of(
                "spring.datasource.url", "jdbc:h2:file:" + directory.resolve("orders") + ";WRITE_DELAY=0",
                "spring.artemis.embedded.data-directory",
                        directory.resolve("broker").toString(),
                "ktm.log-directory", directory.resolve("ktm-log").toString(),
                "ktm.files.receipts", directory.resolve("receipts").toString()));
        var arguments = properties.entrySet().stream()
                .map(each -> "--" + each.getKey() + "=" + each.getValue())
                .toArray(String[]::new);
        return new SpringApplicationBuilder(PrintShopApplication.class).run(arguments);
    }

    /** Waits for the printer, which commits to one resource after the other. */
    private static void awaitPrinted(ConfigurableApplicationContext application, String id, String receipt)
            throws Exception {
        var orders = application.getBean(PrintOrders.class);
        var file = application.getBean(PrintShop.class).receipt(id);
        long start = System.nanoTime();
        while (!orders.findById(id).orElseThrow().isPrinted()
                || !Files.readString(file).equals(receipt)) {
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONGEST_PRINT);
            Thread.onSpinWait();
        }
    }

    @Test
    void anOrderIsARowAFileAndAMessageOrNothing() throws Exception {
        Files.createDirectory(directory.resolve("receipts"));
        try (var application = start()) {
            var shop = application.getBean(PrintShop.class);
            var orders = application.getBean(PrintOrders.class);

            shop.take("poster", 3);
            assertThatThrownBy(() -> shop.take("wallpaper", 1000)).isInstanceOf(IllegalArgumentException.class);

            awaitPrinted(application, "poster", "3 copies, printed\n");
            assertThat(orders.existsById("wallpaper")).isFalse();
            assertThat(Files.exists(shop.receipt("wallpaper"))).isFalse();
        }
        assertThat(directory.resolve("receipts/poster.txt")).hasContent("3 copies, printed\n");
        try (var application = start()) {
            var shop = application.getBean(PrintShop.class);
            shop.take("flyer", 50);
            awaitPrinted(application, "flyer", "50 copies, printed\n");
            assertThat(Files.readString(shop.receipt("poster"))).isEqualTo("3 copies, printed\n");
        }
    }
}
