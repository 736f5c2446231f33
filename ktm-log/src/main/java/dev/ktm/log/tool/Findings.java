package dev.ktm.log.tool;

import dev.ktm.log.LogInspection.Finding;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Shows what is wrong with a log. */
final class Findings {

    private Findings() {}

    /** A block of lines for each finding. */
    static void print(List<Finding> findings, PrintStream out) {
        for (var finding : findings) {
            out.println((finding.damage() ? "DAMAGE  " : "note    ")
                    + finding.file()
                    + (finding.damage() ? " at offset " + finding.offset() : ""));
            out.println("  expected  " + finding.expected());
            out.println("  found     " + finding.found());
            out.println("  to do     " + finding.remedy());
        }
    }

    static Map<String, Object> json(Finding finding) {
        var map = new LinkedHashMap<String, Object>();
        map.put("damage", finding.damage());
        map.put("file", finding.file());
        map.put("offset", finding.offset());
        map.put("expected", finding.expected());
        map.put("found", finding.found());
        map.put("remedy", finding.remedy());
        return map;
    }
}
