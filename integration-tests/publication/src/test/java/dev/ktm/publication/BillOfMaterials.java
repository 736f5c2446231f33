package dev.ktm.publication;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What CycloneDX says that we publish.
 *
 * @param components what an application gets, by {@code group:artifact}
 * @param needs what each of them needs
 */
record BillOfMaterials(Map<String, Component> components, Map<String, Set<String>> needs) {

    /**
     * A jar.
     *
     * @param version its version
     * @param licences their ids, or names where they have no id
     * @param hashes how many checksums are told
     */
    record Component(String version, List<String> licences, int hashes) {}

    static BillOfMaterials read(Path file) throws IOException {
        var root = Xml.read(file);
        var names = new HashMap<String, String>();
        var components = new HashMap<String, Component>();
        for (var each : root.one("components").orElseThrow().all("component")) {
            var name =
                    each.text("group").orElseThrow() + ":" + each.text("name").orElseThrow();
            names.put(each.attribute("bom-ref"), name);
            components.put(
                    name,
                    new Component(
                            each.text("version").orElseThrow(),
                            each.one("licenses").map(BillOfMaterials::licences).orElse(List.of()),
                            each.one("hashes")
                                    .map(all -> all.all("hash").size())
                                    .orElse(0)));
        }
        var needs = new HashMap<String, Set<String>>();
        for (var each : root.one("dependencies").orElseThrow().all("dependency")) {
            needs.put(
                    names.getOrDefault(each.attribute("ref"), "the build"),
                    each.all("dependency").stream()
                            .map(needed -> names.get(needed.attribute("ref")))
                            .collect(Collectors.toSet()));
        }
        return new BillOfMaterials(components, needs);
    }

    private static List<String> licences(Xml licenses) {
        return licenses.all("license").stream()
                .map(each -> each.text("id").or(() -> each.text("name")).orElseThrow())
                .toList();
    }

    /** What comes with a module beside modules of ours. */
    Set<String> broughtBy(String module) {
        var found = new HashSet<String>();
        collect("dev.ktm:" + module, found);
        return found.stream().filter(each -> !each.startsWith("dev.ktm:")).collect(Collectors.toSet());
    }

    private void collect(String name, Set<String> found) {
        Stream.ofNullable(needs.get(name))
                .flatMap(Set::stream)
                .filter(found::add)
                .forEach(each -> collect(each, found));
    }
}
