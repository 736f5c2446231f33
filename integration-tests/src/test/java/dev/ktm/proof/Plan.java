package dev.ktm.proof;

import dev.ktm.servers.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What happens to one life of the coordinator. It follows from the seed and the number of the life, and from nothing else: the same seed
 * plans the same harm. What it meets is another matter, since processes and threads run as they like.
 *
 * @param life its number, from 1
 * @param seed for what its transactions are
 * @param ending how it is killed
 * @param harms what happens meanwhile, in order of time
 * @param parallel whether branches are committed at once
 * @param disk what its log's disk does
 * @param goodWrites how many writes of the log are well before that
 * @param operator whether an {@link Operator} is there
 */
record Plan(
        int life,
        long seed,
        Ending ending,
        List<Harm> harms,
        boolean parallel,
        Disk disk,
        int goodWrites,
        boolean operator) {

    private static final int LONGEST_OPENING_MILLIS = 1_200;
    private static final int MOST_TRANSACTIONS = 60;
    private static final int LONGEST_MOMENT_MILLIS = 40;
    private static final int LATEST_HARM_MILLIS = 500;
    private static final int LONGEST_PAUSE_MILLIS = 700;
    private static final int LONGEST_ABSENCE_MILLIS = 1_000;
    private static final int MOST_TIMES = 5;
    private static final int ONE_AT_THE_END = 4;
    private static final int ONE_OF_LAST = 6;
    private static final int LONGEST_ABSENCE_AT_THE_END_MILLIS = 4_000;
    private static final int MOST_GOOD_WRITES = 30;

    /** When the coordinator's process has just ended. */
    static final int AT_THE_END = Integer.MAX_VALUE;

    private static final long STRIDE = 0x9E3779B97F4A7C15L;

    /** When a life ends. */
    enum When {
        /** At some moment after its process was started: it may not have recovered yet. */
        OPENING,
        /** At some moment of its work. */
        WORKING,
        /** At a step of one of its transactions, or some time later if it does not come to that. */
        STEP,
        /** At a step of its recovery; or of a transaction, if recovery does not come to that. */
        RECOVERING
    }

    /**
     * The end of a life.
     *
     * @param when at what
     * @param millis how long after the start of the process, or after the last of so many transactions
     * @param step which one; empty unless it ends at a step
     * @param times at which time that it comes there; or how many transactions end before
     */
    record Ending(When when, int millis, String step, int times) {
        @Override
        public String toString() {
            return switch (when) {
                case OPENING -> "SIGKILL at any moment after its start";
                case WORKING -> "SIGKILL at any moment of its work";
                case STEP -> step;
                case RECOVERING -> step + ", from its start on";
            };
        }
    }

    /** What the disk of the log does. */
    enum Disk {
        WELL,
        /** A write fails, with half of it done. */
        TORN,
        /** From some write on all fail. */
        FAILS,
        /** From some write on there is no room: nor for files, if they have a small disk of their own. */
        FULL
    }

    /** What can happen to a server, to its connections, or to the coordinator's process. */
    enum What {
        KILL,
        /** When it has done what it is asked to do next, and before it can say so. */
        KILL_BEFORE_REPLY,
        PAUSE,
        CUT,
        LOSE_REQUEST,
        LOSE_REPLY,
        /** The coordinator's process is stopped for a while. */
        FREEZE,
        /** The clock of the coordinator's process goes wrong. */
        CLOCK
    }

    /**
     * Something that happens.
     *
     * @param what of which kind
     * @param server to which server; null if it is the coordinator
     * @param atMillis how long after the start of the process, or of the work
     * @param amount for how long, in milliseconds; for a clock by how much, in minutes
     */
    record Harm(What what, @Nullable Kind server, int atMillis, int amount) {}

    /** What happens in this life, if these servers run. */
    static Plan of(long seed, int life, Collection<Kind> kinds) {
        var random = new Random(seed ^ life * STRIDE);
        // The first numbers of similar seeds are similar.
        random.nextLong();
        var servers = kinds.stream().sorted().toList();
        var ending = ending(random, servers);
        var harms = new ArrayList<Harm>();
        // Nothing, one or two.
        for (int count = random.nextInt(3); count > 0; count--) {
            harms.add(harm(random, servers, ending.when()));
        }
        if (random.nextInt(ONE_AT_THE_END) == 0 || isOfLast(ending)) {
            harms.add(atTheEnd(random, servers, ending));
        }
        harms.sort(Comparator.comparing(Harm::atMillis));
        return new Plan(
                life,
                random.nextLong(),
                ending,
                List.copyOf(harms),
                random.nextInt(4) == 0,
                disk(random),
                random.nextInt(MOST_GOOD_WRITES),
                random.nextInt(2) == 0);
    }

    private static <T> T one(Random random, List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static Ending ending(Random random, List<Kind> kinds) {
        return switch (random.nextInt(10)) {
            case 0 -> new Ending(When.OPENING, random.nextInt(LONGEST_OPENING_MILLIS), "", 0);
            case 1, 2, 3, 4 ->
                new Ending(When.WORKING, random.nextInt(LONGEST_MOMENT_MILLIS), "", random.nextInt(MOST_TRANSACTIONS));
            case 5 ->
                new Ending(When.RECOVERING, 0, one(random, stepsOfRecovery(kinds)), 1 + random.nextInt(MOST_TIMES));
            default -> new Ending(When.STEP, 0, step(random, kinds), 1 + random.nextInt(MOST_TIMES));
        };
    }

    private static String step(Random random, Collection<Kind> kinds) {
        var all = steps(kinds);
        var ofLast = stepsOfLast(kinds);
        return one(random, random.nextInt(ONE_OF_LAST) == 0 && !ofLast.isEmpty() ? ofLast : all);
    }

    private static boolean isOfLast(Ending ending) {
        return ending.step().startsWith(Part.LAST.label());
    }

    /** After these its server must be away for an operator to have a reason to decide. */
    private static List<String> stepsOfLast(Collection<Kind> kinds) {
        return Part.host(kinds).isPresent()
                ? List.of(Part.LAST.label() + " before commit", Part.LAST.label() + " after commit")
                : List.of();
    }

    private static List<String> stepsOfRecovery(Collection<Kind> kinds) {
        return steps(kinds).stream()
                .filter(step -> step.startsWith("log") || step.endsWith("rollback") || step.endsWith("commit"))
                .filter(step -> !step.startsWith("client"))
                .toList();
    }

    /** A server dies together with the coordinator: often that of the last resource, and always if that was about to decide. */
    private static Harm atTheEnd(Random random, List<Kind> servers, Ending ending) {
        var any = one(random, servers);
        var server =
                isOfLast(ending) || random.nextBoolean() ? Part.host(servers).orElse(any) : any;
        return new Harm(What.KILL, server, AT_THE_END, random.nextInt(LONGEST_ABSENCE_AT_THE_END_MILLIS));
    }

    /** The steps at which a life can end. */
    static List<String> steps(Collection<Kind> kinds) {
        var all = new ArrayList<>(List.of(
                "client after begin",
                "client before commit",
                "client after commit",
                "log before write",
                "log after write"));
        all.addAll(stepsOfLast(kinds));
        for (var kind : kinds) {
            for (var call : List.of("end", "prepare", "commit", "rollback")) {
                for (var side : List.of("before", "after")) {
                    all.add(Part.valueOf(kind.name()).label() + " " + side + " " + call);
                }
            }
        }
        return all;
    }

    private static Harm harm(Random random, List<Kind> servers, When when) {
        var server = one(random, servers);
        int at = random.nextInt(when == When.OPENING ? LONGEST_OPENING_MILLIS : LATEST_HARM_MILLIS);
        int pause = 1 + random.nextInt(LONGEST_PAUSE_MILLIS);
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> new Harm(What.KILL, server, at, random.nextInt(LONGEST_ABSENCE_MILLIS));
            case 3, 4 -> new Harm(What.KILL_BEFORE_REPLY, server, at, random.nextInt(LONGEST_ABSENCE_MILLIS));
            case 5 -> new Harm(What.PAUSE, server, at, pause);
            case 6 -> new Harm(What.CUT, server, at, 0);
            case 7, 8 -> new Harm(What.LOSE_REQUEST, server, at, 0);
            case 9 -> new Harm(What.LOSE_REPLY, server, at, 0);
            case 10 -> new Harm(What.FREEZE, null, at, pause);
            default -> new Harm(What.CLOCK, null, at, random.nextInt(20_000) - 10_000);
        };
    }

    private static Disk disk(Random random) {
        return switch (random.nextInt(20)) {
            case 0 -> Disk.TORN;
            case 1 -> Disk.FAILS;
            case 2 -> Disk.FULL;
            default -> Disk.WELL;
        };
    }
}
