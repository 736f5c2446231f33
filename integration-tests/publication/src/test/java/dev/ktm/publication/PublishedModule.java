package dev.ktm.publication;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A module that others can depend on, as its pom says.
 *
 * @param name its artifact id
 * @param brings what it declares that an application gets with it, as {@code group:artifact}
 * @param optional what it declares that an application gets only if it asks for it
 */
record PublishedModule(String name, Set<String> brings, Set<String> optional) {

    /** All that the build of a directory publishes, without poms that have no jar. */
    static List<PublishedModule> below(Path directory) throws IOException {
        var pom = Xml.read(directory.resolve("pom.xml"));
        var found = new ArrayList<PublishedModule>();
        if (isPublished(pom) && !pom.text("packaging").orElse("jar").equals("pom")) {
            found.add(of(pom));
        }
        for (var modules : pom.all("modules")) {
            for (var module : modules.all("module")) {
                found.addAll(below(
                        directory.resolve(module.element().getTextContent().strip())));
            }
        }
        return found;
    }

    private static boolean isPublished(Xml pom) {
        return pom.one("properties")
                .flatMap(properties -> properties.text("maven.deploy.skip"))
                .filter("true"::equals)
                .isEmpty();
    }

    private static PublishedModule of(Xml pom) {
        return new PublishedModule(pom.text("artifactId").orElseThrow(), declared(pom, false), declared(pom, true));
    }

    private static Set<String> declared(Xml pom, boolean optional) {
        return pom.all("dependencies").stream()
                .flatMap(all -> all.all("dependency").stream())
                .filter(each ->
                        Set.of("compile", "runtime").contains(each.text("scope").orElse("compile")))
                .filter(each -> !each.text("groupId").orElseThrow().equals("dev.ktm"))
                .filter(each -> each.text("optional").orElse("false").equals("true") == optional)
                .map(PublishedModule::coordinates)
                .collect(Collectors.toSet());
    }

    private static String coordinates(Xml dependency) {
        return dependency.text("groupId").orElseThrow() + ":"
                + dependency.text("artifactId").orElseThrow();
    }
}
