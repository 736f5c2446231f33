package dev.ktm.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The product keeps its own rules. */
@Tag("slow")
class ArchitectureTest {
    private static final String ROOT = "dev.ktm";
    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(location -> !location.contains("/test-classes/") && !location.contains("-tests.jar"))
            .importPackages(ROOT);

    @Test
    void theProductIsWhatIsChecked() {
        assertThat(PRODUCT).extracting(type -> type.getPackageName()).contains("dev.ktm.log", "dev.ktm.log.storage");
        assertThat(PRODUCT).extracting(type -> type.getPackageName()).doesNotContain("dev.ktm.log.testing");
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theProductKeeps(ArchRule rule) {
        rule.check(PRODUCT);
    }

    static Stream<ArchRule> rules() {
        return new Rules(ROOT).all().stream();
    }

    @Test
    void theRulesAreThese() {
        assertThat(new Rules(ROOT).all())
                .extracting(ArchRule::getDescription)
                .containsAll(List.of(
                        "dev.ktm.log.format depends only on [dev.ktm.log.format]",
                        "dev.ktm.log.storage depends only on [dev.ktm.log.storage]",
                        "dev.ktm.log depends only on [dev.ktm.log, dev.ktm.log.format, dev.ktm.log.storage]"));
    }
}
