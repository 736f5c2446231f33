package dev.ktm.web;

import com.zaxxer.hikari.HikariDataSource;
import dev.ktm.Ktm;
import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.log.Log;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A web application in a directory, with the classes of KTM inside it, as most are. */
final class Site {

    private static final String WEB_XML = """
            <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
              <listener><listener-class>dev.ktm.web.OpensAll</listener-class></listener>
              <servlet>
                <servlet-name>shop</servlet-name>
                <servlet-class>dev.ktm.web.Shop</servlet-class>
              </servlet>
              <servlet-mapping><servlet-name>shop</servlet-name><url-pattern>/shop/*</url-pattern></servlet-mapping>
            </web-app>
            """;

    private Site() {}

    /** Makes one whose server has the classes of KTM. */
    static Path withoutKtm(Path directory) throws IOException, URISyntaxException {
        var inside = directory.resolve("WEB-INF");
        Files.createDirectories(inside.resolve("lib"));
        Files.writeString(inside.resolve("web.xml"), WEB_XML);
        for (var type : List.of(Shop.class, OpensAll.class)) {
            var file = type.getName().replace('.', '/') + ".class";
            copy(placeOf(type).resolve(file), inside.resolve("classes").resolve(file));
        }
        return directory;
    }

    /** Makes it, unless it is there. */
    static Path in(Path directory) throws IOException, URISyntaxException {
        if (Files.exists(directory)) {
            return directory;
        }
        var inside = withoutKtm(directory).resolve("WEB-INF");
        for (var type : List.of(
                Ktm.class,
                Log.class,
                KtmDataSource.class,
                HikariDataSource.class,
                org.jboss.tm.XAResourceRecoveryRegistry.class,
                jakarta.transaction.UserTransaction.class,
                jakarta.resource.spi.XATerminator.class)) {
            var place = placeOf(type);
            if (Files.isDirectory(place)) {
                try (var all = Files.walk(place)) {
                    for (var each : all.filter(Files::isRegularFile).toList()) {
                        copy(
                                each,
                                inside.resolve("classes")
                                        .resolve(place.relativize(each).toString()));
                    }
                }
            } else {
                copy(place, inside.resolve("lib").resolve(place.getFileName().toString()));
            }
        }
        return directory;
    }

    private static Path placeOf(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to);
    }
}
