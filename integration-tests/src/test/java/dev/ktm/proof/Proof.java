package dev.ktm.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.benchmark.ClassArchive;
import dev.ktm.proof.Assignment.Mode;
import dev.ktm.proof.Plan.Disk;
import dev.ktm.proof.Plan.Ending;
import dev.ktm.proof.Plan.When;
import dev.ktm.servers.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A campaign: kills the coordinator again and again, and checks what is left. */
final class Proof {

    private static final int THREADS = 4;
    /** From so many lives on it pays to find out first which classes a worker needs. */
    private static final int LIVES_WORTH_AN_ARCHIVE = 15;
    /** Workers that are not killed by then have something else to be looked at. */
    private static final int MOST_LIVES_FOR_A_KILL = 3;

    private final Settings settings;
    private final Site site;
    private final Stock stock;
    private final Witness witness;
    private final Ledger ledger = new Ledger();
    private final Chronicle chronicle;
    private final Optional<SmallDisk> disk;
    private Machinery machinery;

    private Proof(Settings settings, Site site, Witness witness, Optional<SmallDisk> disk, Machinery machinery) {
        this.settings = settings;
        this.site = site;
        this.stock = new Stock(site);
        this.witness = witness;
        this.disk = disk;
        this.machinery = machinery;
        this.chronicle =
                new Chronicle(settings, disk.isPresent(), machinery.clock().isPresent());
    }

    /**
     * What is wanted.
     *
     * @param directory where everything is kept
     * @param seed what happens follows from it
     * @param kinds which servers take part
     * @param kills how often the coordinator is to be killed
     * @param serverKills how often servers are to be killed, in all
     * @param checkEvery after so many lives everything is brought to rest and checked
     * @param bug what the workers do wrong
     */
    record Settings(
            Path directory, long seed, List<Kind> kinds, int kills, int serverKills, int checkEvery, PlantedBug bug) {}

    /** Runs it; ends early if something is violated. */
    static Chronicle run(Settings settings) throws Exception {
        Files.createDirectories(settings.directory);
        var disk = SmallDisk.mount(settings.directory.resolve("disk"));
        boolean well = false;
        try (var site = Site.start(settings.directory, settings.kinds)) {
            var machinery = new Machinery(settings.directory, null, List.of(), WrongClock.make(settings.directory));
            var proof = new Proof(settings, site, Witness.of(site), disk, machinery);
            proof.stock.feed();
            proof.run();
            well = !proof.chronicle.failed();
            return proof.chronicle;
        } finally {
            if (disk.isPresent()) {
                if (!well) {
                    disk.get().copyTo(settings.directory.resolve("disk-at-the-end"));
                }
                disk.get().close();
            }
        }
    }

    private void run() throws Exception {
        if (settings.kills >= LIVES_WORTH_AN_ARCHIVE) {
            train();
        }
        int life = 1;
        while (!isEnough(life)) {
            live(life);
            if (chronicle.failed() || life % settings.checkEvery == 0) {
                check(life);
            }
            if (chronicle.failed()) {
                return;
            }
            life++;
        }
        check(life);
    }

    private boolean isEnough(int life) {
        chronicle.serverKills(site.kills());
        boolean enough = chronicle.kills() >= settings.kills && chronicle.allServerKills() >= settings.serverKills;
        return enough || life > MOST_LIVES_FOR_A_KILL * Math.max(settings.kills, settings.serverKills);
    }

    /** Where files and log of the coordinator are. */
    private Path place() {
        return settings.directory.resolve("disk");
    }

    private Assignment assignment(Mode mode, Plan plan) {
        return new Assignment(
                mode,
                plan,
                place(),
                settings.directory.resolve("ledger-" + mode + "-" + plan.life()),
                site.ports(),
                THREADS,
                settings.bug);
    }

    private static Plan quiet(int life) {
        return new Plan(life, life, new Ending(When.WORKING, 0, "", 0), List.of(), false, Disk.WELL, 0, false);
    }

    /** What is loaded in a life can be shared by all later ones. */
    private void train() throws Exception {
        var file = settings.directory.resolve("training");
        var training = assignment(Mode.TRAIN, quiet(0));
        training.write(file);
        var archive = ClassArchive.of(Worker.class, settings.directory, file.toString());
        read(training);
        machinery = new Machinery(
                settings.directory,
                archive.classPath(),
                List.of("-XX:SharedArchiveFile=" + archive.file()),
                machinery.clock());
    }

    private void live(int life) throws Exception {
        site.calm();
        var plan = Plan.of(settings.seed, life, settings.kinds);
        // A disk that is really full is better than one that says so.
        var told = plan.disk() == Disk.FULL && disk.isPresent()
                ? new Plan(
                        plan.life(),
                        plan.seed(),
                        plan.ending(),
                        plan.harms(),
                        plan.parallel(),
                        Disk.WELL,
                        plan.goodWrites(),
                        plan.operator())
                : plan;
        var assignment = assignment(Mode.WORK, told);
        long start = System.nanoTime();
        var story = Life.live(site, machinery, plan, assignment, disk);
        witness.testify(life, story.testified());
        read(assignment);
        chronicle.lived(story, System.nanoTime() - start);
        ledger.wrong().forEach(chronicle::violated);
    }

    private void read(Assignment assignment) throws IOException {
        if (Files.exists(assignment.ledger())) {
            ledger.read(assignment.plan().life(), wholeLines(Files.readString(assignment.ledger(), UTF_8)));
            chronicle.operatorWasRefused(ledger.refusals());
        }
    }

    /** The kill may have cut the last one short. */
    private static List<String> wholeLines(String text) {
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** The damaged one that this tells of. */
    private Optional<Attempt> attemptOf(String damage) {
        return ledger.attemptOf(damage.substring(0, damage.indexOf(' ')));
    }

    private void check(int life) throws Exception {
        site.heal();
        var assignment = assignment(Mode.SETTLE, quiet(life));
        var seen = Settlement.settle(site, stock, witness, machinery, assignment);
        read(assignment);
        if (!seen.failure().isEmpty()) {
            chronicle.violated(seen.failure());
            return;
        }
        var evidence = seen.evidence();
        int unanswered = 0;
        for (var each : seen.damaged()) {
            if (attemptOf(each)
                    .filter(known -> Checker.isUnanswered(known, each))
                    .isPresent()) {
                unanswered++;
            } else {
                evidence.leftovers.add("damage: " + each);
            }
        }
        for (var each : seen.decided()) {
            if (attemptOf(each).filter(Attempt::mayBeDecided).isEmpty()) {
                evidence.leftovers.add("damage since an operator has decided, and none has: " + each);
            }
        }
        chronicle.unanswered(unanswered);
        var verdict = Checker.check(ledger.attempts(), evidence);
        chronicle.checked(new ArrayList<>(ledger.attempts()), verdict, evidence, seen.nanos());
        chronicle.serverKills(site.kills());
    }
}
