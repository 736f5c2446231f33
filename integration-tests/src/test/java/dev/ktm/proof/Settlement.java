package dev.ktm.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.servers.Kind;
import dev.ktm.servers.Server;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.transaction.xa.Xid;

/** Brings everything to rest with a last life that nothing happens to, and looks at what is there. */
final class Settlement {

    private static final long LONGEST_NANOS = Duration.ofSeconds(90).toNanos();
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Site site;
    private final Stock stock;
    private final Witness witness;
    private final Evidence evidence = new Evidence();
    private final List<String> damaged = new ArrayList<>();
    private final List<String> decided = new ArrayList<>();
    private final Assignment assignment;
    private long nanos;
    private String failure = "";

    private Settlement(Site site, Stock stock, Witness witness, Assignment assignment) {
        this.site = site;
        this.stock = stock;
        this.witness = witness;
        this.assignment = assignment;
    }

    /**
     * What was seen.
     *
     * @param evidence what is there
     * @param damaged the units of work that are damaged, each followed by how
     * @param decided those that are so since an operator has decided in place of the last resource, in the same way
     * @param nanos how long it took to bring everything to rest
     * @param failure why it could not be; then nothing can be said of what is there
     */
    record Seen(Evidence evidence, List<String> damaged, List<String> decided, long nanos, String failure) {}

    static Seen settle(Site site, Stock stock, Witness witness, Machinery machinery, Assignment assignment)
            throws Exception {
        var settlement = new Settlement(site, stock, witness, assignment);
        settlement.settle(machinery);
        if (settlement.failure.isEmpty()) {
            site.bringBackWhatIsKeptBack();
            settlement.look();
        }
        return new Seen(
                settlement.evidence, settlement.damaged, settlement.decided, settlement.nanos, settlement.failure);
    }

    private void settle(Machinery machinery) throws Exception {
        long start = System.nanoTime();
        var process = machinery.start(assignment);
        try (var said = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
                var tell = new PrintWriter(process.getOutputStream(), true, UTF_8)) {
            for (var line = said.readLine(); line != null; line = said.readLine()) {
                if (line.startsWith(Worker.SETTLED + " ")) {
                    nanos = System.nanoTime() - start;
                    boolean over = (line.endsWith(" 0") && inDoubt().isEmpty()) || nanos > LONGEST_NANOS;
                    tell.println(over ? Worker.FINISH : Worker.AGAIN);
                    LockSupport.parkNanos(this, over ? 0 : PAUSE_NANOS);
                } else if (line.startsWith(Worker.FOUND + " ")) {
                    found(line.split(" ", 3));
                }
            }
            int status = process.waitFor();
            if (status != 0) {
                failure = "the life that settles ended by itself with " + status + ":\n" + machinery.lastErrors();
            }
        } finally {
            process.destroyForcibly();
        }
    }

    private void found(String[] words) {
        switch (words[1]) {
            case "registry" -> evidence.found(Part.REGISTRY, words[2]);
            case "value" -> {
                var pair = words[2].split(" ");
                evidence.values.put(Integer.valueOf(pair[0]), pair[1]);
            }
            case "leftover" -> evidence.leftovers.add(words[2]);
            case "damaged" -> damaged.add(words[2]);
            case "decided" -> decided.add(words[2]);
            default -> throw new IllegalArgumentException("expected something that is there, found " + words[1]);
        }
    }

    private List<String> inDoubt() throws Exception {
        var all = new ArrayList<String>();
        for (var kind : site.kinds()) {
            for (var xid : site.foreign(kind).others(ForeignBranches.listed(kind, site.port(kind)))) {
                all.add(kind + " " + ForeignBranches.nameOf(xid));
            }
        }
        return all;
    }

    private void look() throws Exception {
        var threads = Executors.newCachedThreadPool();
        try {
            evidence.fed.addAll(stock.fed());
            // Queues are empty when nothing has come for a while: both are waited for at once.
            var queues = new EnumMap<Part, Future<Stock.Drained>>(Part.class);
            for (var part : Part.of(site.kinds())) {
                if (part.isBroker()) {
                    queues.put(part, threads.submit(() -> stock.drain(part)));
                }
            }
            for (var part : Part.of(site.kinds())) {
                look(part);
            }
            for (var queue : queues.entrySet()) {
                var part = queue.getKey();
                stock.note(part, queue.getValue().get(), evidence);
                stock.deadLetters(part)
                        .forEach(each -> evidence.leftovers.add("a dead letter of " + part.label() + ": " + each));
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("what is there could not be seen", e.getCause());
        } finally {
            threads.shutdown();
        }
        evidence.inDoubt.addAll(inDoubt());
        evidence.losses.put(Part.H2, witness.losses(assignment.plan().life()));
        for (var kind : site.kinds()) {
            lookForForeign(kind);
        }
    }

    private void lookForForeign(Kind kind) throws Exception {
        List<Xid> missing = site.foreign(kind).missingIn(ForeignBranches.listed(kind, site.port(kind)));
        missing.forEach(xid -> evidence.foreignGone.add(kind + " " + ForeignBranches.nameOf(xid)));
    }

    private void look(Part part) throws Exception {
        switch (part) {
            // The last life has told of one, and the others are drained.
            case REGISTRY, ARTEMIS, ACTIVEMQ -> {}
            case FILES -> lookAtFiles();
            case LAST -> lookAtLast();
            case H2, DERBY, POSTGRESQL, MARIADB -> {
                var kind = part.kind().orElseThrow();
                add(part, kind.client(site.port(kind), Server.ORDERS).drained());
            }
        }
    }

    private void add(Part part, List<String> keys) {
        keys.forEach(key -> evidence.found(part, key));
    }

    private void lookAtLast() throws Exception {
        var keys = new ArrayList<String>();
        try (var connection = site.last().orElseThrow().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT k FROM " + Site.table(Part.LAST))) {
            while (rows.next()) {
                keys.add(rows.getString(1));
            }
        }
        add(Part.LAST, keys);
    }

    /** Past the manager, which has been closed. */
    private void lookAtFiles() throws IOException {
        var root = assignment.root();
        var keys = new ArrayList<String>();
        for (var file : list(root.resolve(Workplace.FILES))) {
            keys.add(keyOf(file));
        }
        add(Part.FILES, keys);
        for (var place : Workplace.PLACES) {
            for (var file : list(root.resolve(place))) {
                int thread = Integer.parseInt(String.valueOf(file.getFileName()));
                var text = Files.readString(file);
                evidence.files.merge(
                        thread, place + ":" + firstLine(text) + wholeness(text), (one, two) -> one + " and " + two);
            }
        }
        for (var file : list(Worker.workArea(root))) {
            evidence.leftovers.add("a file of the work area: " + root.relativize(file) + ", with " + briefly(file));
        }
        for (var file : list(root.resolve(".ktm-files/set-aside"))) {
            var text = Files.readString(file);
            evidence.putAside.put(root.relativize(file).toString(), firstLine(text) + wholeness(text));
        }
    }

    private static String briefly(Path file) throws IOException {
        var text = Files.readString(file);
        return text.length() + " characters of " + firstLine(text) + wholeness(text);
    }

    private static List<Path> list(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (var all = Files.list(directory)) {
            return all.toList();
        }
    }

    private static String keyOf(Path file) throws IOException {
        var name = String.valueOf(file.getFileName());
        var text = Files.readString(file);
        return firstLine(text).equals(name) ? name + wholeness(text) : name + " with other content";
    }

    private static String firstLine(String text) {
        return text.substring(0, Math.max(0, text.indexOf('\n')));
    }

    private static String wholeness(String text) {
        var line = firstLine(text) + "\n";
        boolean whole = !text.isEmpty() && text.equals(line.repeat(text.length() / line.length()));
        return whole ? "" : " in part";
    }
}
