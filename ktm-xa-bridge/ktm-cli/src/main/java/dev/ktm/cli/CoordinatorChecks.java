package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/** What doctor looks at in a coordinator, or in what its log tells of it. */
final class CoordinatorChecks {

    private static final double FULL = 0.8;

    private final Source source;
    private final String what;
    private String logPath = "";

    CoordinatorChecks(Source source) {
        this.source = source;
        this.what = "coordinator " + source.identity();
    }

    List<Finding> run() {
        var findings = new ArrayList<Finding>();
        try {
            var manager = source.ask("manager");
            logPath = manager.path("logPath").asText();
            findings.add(online(manager));
            if (manager.path("log").has("usedShare")) {
                findings.add(fill(manager));
            }
            findings.addAll(transactions(source.ask("transactions")));
            findings.addAll(damaged(source.ask("damaged")));
            if (source.isRunning()) {
                var managers = source.ask("resource-managers");
                findings.addAll(resourceManagers(managers));
                findings.addAll(ConfigurationChecks.of(what, manager, managers));
            }
        } catch (ToolException e) {
            findings.add(Finding.fault(
                    what, String.valueOf(e.getMessage()), "see what its application logs, and whether it hangs"));
        }
        return findings;
    }

    /** Where its log is, once it was asked; empty if it has none, or does not answer. */
    String logPath() {
        return logPath;
    }

    private Finding online(JsonNode manager) {
        if (!source.isRunning()) {
            return Finding.ok(what, "not running; what follows is from its log");
        }
        return manager.path("isOnline").asBoolean()
                ? Finding.ok(
                        what,
                        "online, in process " + manager.path("processId").asText() + ", "
                                + Words.count(manager.path("live").asLong(), "transaction"))
                : Finding.fault(
                        what,
                        "offline: it takes no new work",
                        "its log could not be written: see its reports ('ktm list reports') and the disk, then restart the"
                                + " application");
    }

    private Finding fill(JsonNode manager) {
        double share = manager.path("log").path("usedShare").asDouble();
        var pin = manager.path("log").path("oldestUnfinished").asText("");
        var found = Words.percent(share) + " of "
                + Words.bytes(manager.path("log").path("capacityBytes").asLong()) + " used"
                + (pin.isEmpty() ? "" : ", held by transaction " + pin);
        return share > FULL
                ? Finding.warning(
                        what + ", log",
                        found,
                        pin.isEmpty()
                                ? "let it grow with 'ktm log grow', or see who holds it with 'ktm log stat'"
                                : "end that transaction: 'ktm show " + pin
                                        + "' tells what it waits for; 'ktm log grow' makes room until then")
                : Finding.ok(what + ", log", found);
    }

    private List<Finding> transactions(JsonNode transactions) {
        var doubtful = matching(transactions, Wrong::isInDoubt);
        if (doubtful.isEmpty()) {
            return List.of(Finding.ok(what + ", in doubt", "no transaction"));
        }
        return doubtful.stream()
                .map(each -> Finding.fault(
                        what + ", in doubt",
                        "transaction " + each.path("unitOfWork").asText() + age(each),
                        nextStep(each)))
                .toList();
    }

    private String nextStep(JsonNode transaction) {
        var show = "'ktm show " + transaction.path("unitOfWork").asText() + "' tells ";
        if (!transaction.hasNonNull("nextStep")) {
            return show + "who decides";
        }
        var step = transaction.path("nextStep").asText();
        return source.isRunning() ? step + "; " + show + "with which commands" : step;
    }

    private static String age(JsonNode transaction) {
        return transaction.hasNonNull("ageMillis")
                ? ", for " + Words.duration(transaction.path("ageMillis").asLong())
                : "";
    }

    private List<Finding> damaged(JsonNode damaged) {
        if (damaged.isEmpty()) {
            return List.of(Finding.ok(what + ", damaged", "no transaction"));
        }
        return matching(damaged, each -> true).stream()
                .map(each -> Finding.fault(
                        what + ", damaged",
                        "transaction " + each.path("unitOfWork").asText() + ": "
                                + Words.count(each.path("damage").size(), "participant")
                                + " did otherwise than was decided",
                        "mend the data by hand, then 'ktm forget "
                                + each.path("unitOfWork").asText() + "'"))
                .toList();
    }

    private List<Finding> resourceManagers(JsonNode managers) {
        var unreachable = matching(managers, Wrong::isUnreachable);
        if (unreachable.isEmpty()) {
            return List.of(Finding.ok(
                    what + ", resource managers",
                    Words.count(managers.size(), "resource manager") + ", none in trouble"));
        }
        return unreachable.stream()
                .map(each -> Finding.fault(
                        what + ", resource manager " + each.path("name").asText(),
                        "could not be asked for its branches: "
                                + each.path("error").asText(),
                        "start it, or mend its address and password; 'ktm recover' asks again at once"))
                .toList();
    }

    private static List<JsonNode> matching(JsonNode rows, Predicate<JsonNode> wanted) {
        return StreamSupport.stream(rows.spliterator(), false).filter(wanted).toList();
    }
}
