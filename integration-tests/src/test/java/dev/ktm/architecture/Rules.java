package dev.ktm.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNTHETIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;
import java.io.RandomAccessFile;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The rules of a product that lives below one root package. */
final class Rules {
    /** Which packages a package may use beside itself; "" is the root. A package that is not a key may not exist. */
    private static final Map<String, List<String>> ARROWS = arrows();

    private final String root;

    Rules(String root) {
        this.root = root;
    }

    /** Every rule there is. */
    List<ArchRule> all() {
        return Stream.concat(
                        ARROWS.keySet().stream().map(this::dependsOnlyOnWhatItsArrowsReach),
                        Stream.of(
                                everyPackageIsOnTheMap(),
                                packagesFormNoCycles(),
                                onlyStorageOpensFiles(),
                                staticFieldsAreFinal(),
                                noMethodIsSynchronized(),
                                namesSayWhatAThingIs()))
                .toList();
    }

    private static Map<String, List<String>> arrows() {
        var coordinator = List.of(
                "rm",
                "protocol",
                "journal",
                "recovery",
                "tm",
                "jta",
                "operator",
                "jfr",
                "management",
                "log",
                "log.storage");
        var adapters = List.of("jdbc", "jms", "file", "registry");
        var arrows = new LinkedHashMap<String, List<String>>();
        arrows.put("log.format", List.of());
        arrows.put("log.storage", List.of());
        arrows.put("log", List.of("log.format", "log.storage"));
        arrows.put("log.tool", List.of("log", "log.format", "log.storage"));
        arrows.put("rm", List.of());
        arrows.put("protocol", List.of("rm"));
        arrows.put("journal", List.of("protocol", "rm", "log"));
        arrows.put("recovery", List.of("journal", "protocol", "rm"));
        // A transaction manager is an instance of a log, and lends it to native resource managers.
        arrows.put("tm", List.of("rm", "protocol", "journal", "recovery", "log", "log.storage"));
        arrows.put("redo", List.of("rm", "tm", "log"));
        arrows.put("jta", List.of("tm", "rm"));
        // What operators see is that of the coordinator, in both its faces.
        arrows.put("operator", List.of("jta", "tm", "rm", "log"));
        arrows.put("jfr", List.of("tm", "rm"));
        arrows.put("management", List.of("operator", "tm", "rm"));
        arrows.put("", coordinator);
        arrows.put("naming", List.of(""));
        // Adapters are opened on the front door, which is the root, or by a container that finds that in JNDI.
        arrows.put("jdbc", List.of("", "jta", "tm", "naming"));
        // What a transaction was rolled back for is in its native face.
        arrows.put("jms", List.of("", "jta", "tm", "rm", "naming"));
        arrows.put("file", List.of("", "operator", "redo", "tm", "rm", "log"));
        // Its checkpoints lie on a device of their own, so that nobody but storage opens files.
        arrows.put("registry", List.of("", "operator", "redo", "tm", "rm", "log", "log.storage"));
        arrows.put("cdi", List.of("", "jta"));
        // What observes a coordinator sees what operators see, and its transactions.
        arrows.put("observability", List.of("", "operator", "tm", "rm", "log"));
        // What it shows is what operators see, and the log's figures.
        arrows.put("console", List.of("operator", "tm", "rm", "log"));
        arrows.put("spring", List.of("", "jta", "tm", "rm", "log", "operator", "observability", "console"));
        // What a transaction was rolled back for is in its native face.
        arrows.put("tomee", List.of("", "jta", "tm", "rm"));
        arrows.put("glassfish", List.of("", "jta"));
        // What the log's own tool says of a log is what this one says.
        arrows.put(
                "cli",
                Stream.of(List.of("", "log.tool"), coordinator, adapters)
                        .flatMap(List::stream)
                        .toList());
        return arrows;
    }

    ArchRule dependsOnlyOnWhatItsArrowsReach(String name) {
        var reachable = Stream.concat(Stream.of(name), ARROWS.getOrDefault(name, List.of()).stream())
                .map(this::packageOf)
                .toArray(String[]::new);
        return classes()
                .that()
                .resideInAPackage(packageOf(name))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(reachable).or(not(resideInAnyPackage(root + ".."))))
                .as(packageOf(name) + " depends only on " + Arrays.toString(reachable))
                .allowEmptyShould(true);
    }

    ArchRule everyPackageIsOnTheMap() {
        var known = ARROWS.keySet().stream().map(this::packageOf).toArray(String[]::new);
        return classes().should().resideInAnyPackage(known).as("every package is on the map of arrows");
    }

    ArchRule packagesFormNoCycles() {
        return slices().matching(root + ".(**)").should().beFreeOfCycles().as("packages form no cycles");
    }

    ArchRule onlyStorageOpensFiles() {
        return noClasses()
                .that()
                // The transactional file manager works on its user's files; the log is not among them.
                .resideOutsideOfPackages(packageOf("log.storage"), packageOf("file"))
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(FileChannel.class, AsynchronousFileChannel.class, RandomAccessFile.class)
                .as("only storage opens files");
    }

    ArchRule staticFieldsAreFinal() {
        return fields().that()
                .areStatic()
                .and()
                .doNotHaveModifier(SYNTHETIC)
                .should()
                .haveModifier(FINAL)
                .as("static fields are final")
                .allowEmptyShould(true);
    }

    ArchRule noMethodIsSynchronized() {
        return methods()
                .should()
                .notHaveModifier(SYNCHRONIZED)
                .as("no method is synchronized: the lock is a field, and says what it guards")
                .allowEmptyShould(true);
    }

    ArchRule namesSayWhatAThingIs() {
        // The base of a log is a thing and not a superclass; the specifications own two of the managers.
        return classes()
                .should()
                .haveNameNotMatching(
                        "(.*[.$])?(\\w*(Impl|Helper|Utils?)|(Abstract|Base(?!Lsn|LogFile)|I(?=[A-Z][a-z]))[A-Z]\\w*)")
                .andShould()
                .haveNameNotMatching("(.*[.$])?\\w*(?<!Transaction|Resource)Manager")
                .as("names say what a thing is: no Impl, Helper, Util, Manager, Abstract, Base, I");
    }

    private String packageOf(String name) {
        return name.isEmpty() ? root : root + "." + name;
    }
}
