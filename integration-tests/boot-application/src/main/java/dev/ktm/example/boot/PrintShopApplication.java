package dev.ktm.example.boot;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the shop. */
@SpringBootApplication
@SuppressWarnings("HideUtilityClassConstructor")
public class PrintShopApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(PrintShopApplication.class, arguments);
    }
}
