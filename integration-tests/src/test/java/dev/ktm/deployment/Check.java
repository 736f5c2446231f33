package dev.ktm.deployment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Compares what the resources hold with one another, and with what the parent was told, row by row.
 *
 * @param held what each resource holds, by release
 * @param disagreements in words; empty if all is well
 */
record Check(Map<String, Map<Integer, String>> held, List<String> disagreements) {

    /** Once nobody works with them any more. */
    static Check of(Place place, Ledger ledger) throws Exception {
        var inventory = place.inventory();
        var audit = place.audit();
        try (var queue = place.queue()) {
            return of(Holdings.of(inventory, audit, queue, Installed.read(place), place.run()), ledger);
        } finally {
            inventory.stop();
            audit.stop();
        }
    }

    static Check of(Holdings holdings, Ledger ledger) {
        var check = of(holdings.rows(), ledger);
        check.compareCurrent("binaries", holdings.binaries());
        check.compareCurrent("the registry", holdings.current());
        return check;
    }

    static Check of(Map<String, Map<Integer, String>> held, Ledger ledger) {
        var check = new Check(held, new ArrayList<>());
        held.values().stream()
                .flatMap(each -> each.keySet().stream())
                .distinct()
                .filter(number -> !ledger.said().containsKey(number))
                .forEach(number -> check.disagreements().add("release " + number + ": nobody has begun it"));
        ledger.said().forEach(check::compare);
        ledger.deaths().forEach(check::compare);
        return check;
    }

    private Map<Integer, String> first() {
        return held.values().iterator().next();
    }

    boolean isCommitted(int number) {
        return first().containsKey(number);
    }

    private void compare(int number, Ledger.Said said) {
        var one = first().get(number);
        if (!held.values().stream().allMatch(each -> Objects.equals(each.get(number), one))) {
            var all = new StringBuilder();
            held.forEach((resource, rows) -> all.append(all.length() == 0 ? "" : ", ")
                    .append(resource)
                    .append(' ')
                    .append(rows.get(number)));
            disagreements.add("release " + number + ": " + all);
        }
        if (one != null && !one.equals(new Release(number).toString())) {
            disagreements.add("release " + number + ": expected " + new Release(number) + ", found " + one);
        }
        if (said == Ledger.Said.COMMITTED && one == null) {
            disagreements.add("release " + number + ": its commit was acknowledged, and it is gone");
        }
        if (said == Ledger.Said.ROLLED_BACK && one != null) {
            disagreements.add("release " + number + ": it was said to be rolled back, and is there");
        }
    }

    /** Each component has the binary of its last committed release, and no other. */
    void compareCurrent(String where, Map<String, String> found) {
        var expected = new TreeMap<String, String>();
        new TreeMap<>(first()).keySet().forEach(number -> {
            var release = new Release(number);
            expected.put(release.component(), release.component() + "-" + release.version());
        });
        if (!expected.equals(found)) {
            disagreements.add(where + ": expected " + expected + ", found " + found);
        }
    }

    private void compare(Ledger.Death death) {
        var point = death.point();
        if (point != null && point.isCommitted() != isCommitted(death.release())) {
            disagreements.add("release " + death.release() + ": the process died " + point + ", so it must be "
                    + (point.isCommitted() ? "committed" : "rolled back") + ", and is not");
        }
    }
}
