package dev.ktm.operator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** Who answers beside the coordinator: members by their names, in areas by theirs. Safe for many threads. */
final class Areas {

    /** The argument that says which member is meant. */
    private static final String MEMBER = "name";

    private final Map<String, SortedMap<String, OperatorArea>> areas = new ConcurrentHashMap<>();

    void contribute(String area, String member, OperatorArea answers) {
        if (!area.matches("[a-z][a-z0-9-]*")) {
            throw new IllegalArgumentException(
                    "expected the name of an area, of small letters, digits and hyphens, found " + area);
        }
        var members = areas.computeIfAbsent(area, each -> new ConcurrentSkipListMap<>());
        if (members.putIfAbsent(member, answers) != null) {
            throw new IllegalArgumentException(
                    "expected a member of the area " + area + " that nobody answers for, found " + member);
        }
    }

    void withdraw(String area, String member, OperatorArea answers) {
        var members = areas.get(area);
        if (members != null) {
            members.remove(member, answers);
        }
    }

    /** The areas that are answered for, and by whom. */
    Map<String, List<String>> members() {
        var all = new TreeMap<String, List<String>>();
        areas.forEach((area, members) -> {
            if (!members.isEmpty()) {
                all.put(area, List.copyOf(members.keySet()));
            }
        });
        return all;
    }

    /** Has a request answered by whom it means. */
    @Nullable
    Object answer(String area, OperatorRequest request) throws OperatorException {
        var members = areas.getOrDefault(area, new TreeMap<>());
        var wanted = request.argument(MEMBER);
        if (wanted.isPresent()) {
            var member = members.get(wanted.get());
            if (member == null) {
                throw missing(area, members, "\"" + Visible.text(wanted.get()) + "\"");
            }
            return member.answer(request);
        }
        var all = List.copyOf(members.values());
        if (all.isEmpty()) {
            throw missing(area, members, "none");
        }
        if (all.size() == 1) {
            return all.get(0).answer(request);
        }
        if (!all.stream().allMatch(each -> each.isListing(request.verb()))) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected an argument \"" + MEMBER + "\" that says which of " + members.keySet()
                            + " is meant, found none");
        }
        var together = new ArrayList<Object>();
        for (var each : all) {
            if (each.answer(request) instanceof List<?> list) {
                together.addAll(list);
            }
        }
        return together;
    }

    private static OperatorException missing(String area, Map<String, OperatorArea> members, String found) {
        return new OperatorException(
                OperatorException.Code.NOT_FOUND,
                "expected one of " + members.keySet() + " in the area " + Visible.text(area) + ", found " + found
                        + ": it is not open in this process");
    }
}
