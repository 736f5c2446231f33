package dev.ktm.example.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the shop. */
@SpringBootApplication
@SuppressWarnings("HideUtilityClassConstructor")
public class PrintShopApplication {

    public static void main(String[] arguments) throws IOException {
        // It has to be there: a directory that is gone may only not be mounted.
        Files.createDirectories(Path.of("data/receipts"));
        SpringApplication.run(PrintShopApplication.class, arguments);
    }
}
