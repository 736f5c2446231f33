package dev.ktm.deployment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Compares what the resources hold with one another, and with what the parent was told, row by row.
 *
 * @param inventory what the first database holds, by release
 * @param audit the second one
 * @param queue what is announced
 * @param disagreements in words; empty if all is well
 */
record Check(
        Map<Integer, String> inventory,
        Map<Integer, String> audit,
        Map<Integer, String> queue,
        List<String> disagreements) {

    static Check of(Place place, Ledger ledger) throws Exception {
        var inventory = place.inventory().read(place.run());
        var audit = place.audit().read(place.run());
        try (var queue = place.queue()) {
            return of(inventory, audit, queue.read(place.run()), ledger);
        }
    }

    static Check of(
            Map<Integer, String> inventory, Map<Integer, String> audit, Map<Integer, String> queue, Ledger ledger) {
        var check = new Check(inventory, audit, queue, new ArrayList<>());
        Stream.of(inventory, audit, queue)
                .flatMap(held -> held.keySet().stream())
                .distinct()
                .filter(number -> !ledger.said().containsKey(number))
                .forEach(number -> check.disagreements().add("release " + number + ": nobody has begun it"));
        ledger.said().forEach(check::compare);
        ledger.deaths().forEach(check::compare);
        return check;
    }

    boolean isCommitted(int number) {
        return inventory.containsKey(number);
    }

    private void compare(int number, Ledger.Said said) {
        var one = inventory.get(number);
        var other = audit.get(number);
        var third = queue.get(number);
        if (!Objects.equals(one, other) || !Objects.equals(one, third)) {
            disagreements.add("release " + number + ": inventory " + one + ", audit " + other + ", queue " + third);
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

    private void compare(Ledger.Death death) {
        var point = death.point();
        if (point != null && point.isCommitted() != isCommitted(death.release())) {
            disagreements.add("release " + death.release() + ": the process died " + point + ", so it must be "
                    + (point.isCommitted() ? "committed" : "rolled back") + ", and is not");
        }
    }
}
