package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** How a running coordinator was set up, and what of that will not be well after a crash. */
final class ConfigurationChecks {

    private ConfigurationChecks() {}

    /** What is wrong; nothing if all is well. */
    static List<Finding> of(String coordinator, JsonNode manager, JsonNode resourceManagers) {
        var findings = new ArrayList<Finding>();
        if (manager.path("isVolatile").asBoolean()) {
            findings.add(Finding.warning(
                    coordinator + ", configuration",
                    "it has no log: after a crash nobody knows what it had decided",
                    "give its application a log directory, unless this is a test"));
        }
        for (var each : resourceManagers) {
            long pending = each.path("pending").asLong();
            if (pending > 0 && !each.path("isRegistered").asBoolean(true)) {
                findings.add(Finding.fault(
                        coordinator + ", configuration of " + each.path("name").asText(),
                        (pending == 1 ? "1 branch waits there" : pending + " branches wait there")
                                + ", and no resource manager is registered under this name",
                        "register it; if it was renamed, give it its old name back until nothing waits there"));
            }
        }
        return findings;
    }
}
