package dev.ktm.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each rule notices the class that was planted to break it. */
class RulesTest {
    private static final String ROOT = "dev.ktm.architecture.planted";
    private static final JavaClasses PLANTED = new ClassFileImporter().importPackages(ROOT);

    private final Rules rules = new Rules(ROOT);

    @Test
    void aLeafThatUsesAnotherPackageIsNoticed() {
        assertThat(violationsOf(rules.dependsOnlyOnWhatItsArrowsReach("log.format")))
                .anyMatch(violation -> violation.contains("FormatThatKnowsADevice"));
        assertThat(violationsOf(rules.dependsOnlyOnWhatItsArrowsReach("log.storage")))
                .anyMatch(violation -> violation.contains("DeviceThatKnowsTheLog"));
    }

    @Test
    void aLogThatUsesItsToolIsNoticed() {
        assertThat(violationsOf(rules.dependsOnlyOnWhatItsArrowsReach("log")))
                .anyMatch(violation -> violation.contains("LogThatKnowsItsTool"));
    }

    @Test
    void anArrowThatPointsUpIsNoticed() {
        assertThat(violationsOf(rules.dependsOnlyOnWhatItsArrowsReach("rm")))
                .anyMatch(violation -> violation.contains("ContractThatKnowsTheProtocol"));
    }

    @Test
    void anArrowThatIsAllowedIsNotNoticed() {
        assertThat(violationsOf(rules.dependsOnlyOnWhatItsArrowsReach("protocol")))
                .isEmpty();
        assertThat(violationsOf(rules.dependsOnlyOnWhatItsArrowsReach("log.tool")))
                .isEmpty();
    }

    @Test
    void aPackageThatIsNotOnTheMapIsNoticed() {
        assertThat(violationsOf(rules.everyPackageIsOnTheMap()))
                .singleElement()
                .asString()
                .contains("Stray");
    }

    @Test
    void aCycleIsNoticed() {
        assertThat(violationsOf(rules.packagesFormNoCycles()))
                .anyMatch(violation -> violation.contains("Slice rm") && violation.contains("Slice protocol"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"FileChannel", "AsynchronousFileChannel", "RandomAccessFile"})
    void aFileOpenedOutsideStorageIsNoticed(String type) {
        assertThat(violationsOf(rules.onlyStorageOpensFiles()))
                .anyMatch(
                        violation -> violation.contains("ToolThatOpensFiles") && violation.contains("." + type + ">"));
    }

    @Test
    void aFileOpenedInStorageIsNotNoticed() {
        assertThat(violationsOf(rules.onlyStorageOpensFiles()))
                .noneMatch(violation -> violation.contains("DeviceThat"));
    }

    @Test
    void aStaticFieldThatChangesIsNoticed() {
        assertThat(violationsOf(rules.staticFieldsAreFinal()))
                .singleElement()
                .asString()
                .contains("LogWithAGlobalCount.count");
    }

    @Test
    void aSynchronizedMethodIsNoticed() {
        assertThat(violationsOf(rules.noMethodIsSynchronized()))
                .singleElement()
                .asString()
                .contains("LogThatLocksItself.append");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"LogImpl", "LogHelper", "LogUtil", "LogUtils", "LogManager", "AbstractLog", "BaseLog", "ILog"})
    void aNameThatSaysNothingIsNoticed(String name) {
        assertThat(violationsOf(rules.namesSayWhatAThingIs()))
                .anyMatch(violation -> violation.contains("$" + name + ">"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "JtaTransactionManager",
                "ResourceManager",
                "BaseLsn",
                "BaseLogFile",
                "IoFailure",
                "Implied",
                "Abstraction"
            })
    void aNameThatOnlyLooksLikeOneIsNotNoticed(String name) {
        assertThat(violationsOf(rules.namesSayWhatAThingIs()))
                .noneMatch(violation -> violation.contains("$" + name + ">"));
    }

    private static List<String> violationsOf(ArchRule rule) {
        return rule.evaluate(PLANTED).getFailureReport().getDetails();
    }
}
