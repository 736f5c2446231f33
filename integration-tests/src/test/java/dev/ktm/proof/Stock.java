package dev.ktm.proof;

import dev.ktm.servers.Kind;
import dev.ktm.servers.Server;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is in the queues of a campaign: the messages that transactions send, and those that they take. */
final class Stock {

    /** So many wait to be taken, whenever it was looked. */
    private static final int ENOUGH = 30;

    private final Site site;
    private final Map<Part, Map<String, Integer>> sent = new EnumMap<>(Part.class);
    private final Set<String> fed = new TreeSet<>();
    private int next;

    Stock(Site site) {
        this.site = site;
    }

    /** Puts messages into every queue that transactions take them from. */
    void feed() throws Exception {
        for (var part : Part.of(site.kinds())) {
            if (part.isBroker()) {
                put(part, List.of());
            }
        }
    }

    private void put(Part part, List<String> again) throws Exception {
        var all = new ArrayList<>(again);
        while (all.size() < ENOUGH) {
            next++;
            var message = part.label() + "/feed-" + next;
            fed.add(message);
            all.add(message);
        }
        var kind = part.kind().orElseThrow();
        try (var connection = kind.factories(site.port(kind)).plain().createConnection()) {
            var session = connection.createSession();
            var producer = session.createProducer(session.createQueue(Server.STOCK));
            for (var each : all) {
                producer.send(session.createTextMessage(each));
            }
        }
    }

    /**
     * What was in the queues of a broker.
     *
     * @param sent the keys that were sent since it was looked before
     * @param waiting the messages that wait to be taken
     */
    record Drained(List<String> sent, List<String> waiting) {}

    /** Takes it out. */
    Drained drain(Part part) throws Exception {
        var kind = part.kind().orElseThrow();
        return new Drained(drain(kind, Server.ORDERS), drain(kind, Server.STOCK));
    }

    /** What a broker has given up, and keeps apart; nothing is to be there, since it is told never to give up. */
    Set<String> deadLetters(Part part) throws Exception {
        var kind = part.kind().orElseThrow();
        return kind == Kind.ACTIVEMQ
                ? kind.client(site.port(kind), "ActiveMQ.DLQ").committed()
                : Set.of();
    }

    private List<String> drain(Kind kind, String queue) throws Exception {
        return kind.client(site.port(kind), queue).drained();
    }

    /** Adds to the evidence what was there, and puts back what waited to be taken, and more. */
    void note(Part part, Drained drained, Evidence evidence) throws Exception {
        var kept = sent.computeIfAbsent(part, same -> new TreeMap<>());
        drained.sent.forEach(key -> kept.merge(key, 1, Integer::sum));
        evidence.rows.put(part, new TreeMap<>(kept));
        drained.waiting.forEach(message -> evidence.waiting.merge(message, 1, Integer::sum));
        put(part, drained.waiting);
    }

    /** Every message that was ever put there to be taken. */
    Set<String> fed() {
        return fed;
    }
}
