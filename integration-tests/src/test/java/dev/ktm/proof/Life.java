package dev.ktm.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.proof.Plan.Disk;
import dev.ktm.proof.Plan.Harm;
import dev.ktm.proof.Plan.When;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** One process of the coordinator, from its start to the kill, and what happens to it and to the servers meanwhile. */
final class Life {

    private static final long LONGEST_START_SECONDS = 120;
    private static final long LONGEST_END_SECONDS = 30;
    /** What a process that was killed ends with. */
    private static final int KILLED = 128 + 9;

    private static final int MILLIS_PER_WRITE = 10;
    /** If it does not come to its end by then, because a server is away, it is killed all the same. */
    private static final int LONGEST_WORK_MILLIS = 2_000;

    private static final long LOOK_MILLIS = 5;
    private static final String NO_ROOM = "not killed: it did not open, since the disk was full by then";

    private final Site site;
    private final Plan plan;
    private final Optional<SmallDisk> disk;
    private final Optional<WrongClock> clock;
    private final List<Harm> done = new ArrayList<>();
    private final CountDownLatch working = new CountDownLatch(1);
    private final AtomicLong recovered = new AtomicLong(-1);
    private final AtomicInteger ended = new AtomicInteger();
    private volatile boolean testified;
    private volatile boolean opened;
    private boolean killed;
    private boolean filled;

    /**
     * What is known of a life.
     *
     * @param plan what was planned
     * @param ended where it was killed
     * @param done the harms that were done
     * @param testified whether it has written its row of the witness
     * @param recoveredMillis after how long nothing of earlier lives was left; empty if something was when it began to work, or ended
     * @param failure what went wrong besides; empty if it was killed as it should
     */
    record Story(
            Plan plan, String ended, List<Harm> done, boolean testified, OptionalLong recoveredMillis, String failure) {

        /** Whether it was killed; else it has ended by itself. */
        boolean wasKilled() {
            return !ended.equals(NO_ROOM);
        }
    }

    /** Something that happens at a time. */
    private record Event(long atNanos, Action action) {}

    private interface Action {
        void run() throws IOException, InterruptedException;
    }

    private Life(Site site, Plan plan, Optional<SmallDisk> disk, Optional<WrongClock> clock) {
        this.site = site;
        this.plan = plan;
        this.disk = disk;
        this.clock = clock;
    }

    /** Lives it: as it is planned, with what its process is told of that. */
    static Story live(Site site, Machinery machinery, Plan plan, Assignment assignment, Optional<SmallDisk> disk)
            throws IOException, InterruptedException {
        var life = new Life(site, plan, disk, machinery.clock());
        var process = machinery.start(assignment);
        try {
            life.run(process);
            if (process.isAlive() && !life.killed) {
                throw new IllegalStateException(
                        "life " + plan.life() + " does not begin to work:\n" + machinery.lastErrors());
            }
            if (!process.waitFor(LONGEST_END_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a process that was killed does not end");
            }
            for (var harm : assignment.plan().harms()) {
                if (harm.atMillis() == Plan.AT_THE_END) {
                    life.harm(process, harm);
                }
            }
            return life.story(process.exitValue(), machinery.lastErrors());
        } finally {
            process.destroyForcibly();
            if (disk.isPresent() && life.plan.disk() == Disk.FULL) {
                disk.get().relieve();
            }
            if (life.clock.isPresent()) {
                life.clock.get().jump(0);
            }
        }
    }

    private void run(Process process) throws IOException, InterruptedException {
        var reader = new Thread(() -> read(process), "worker");
        reader.setDaemon(true);
        reader.start();
        boolean atOnce = plan.ending().when() == When.OPENING;
        if (!atOnce && !working.await(LONGEST_START_SECONDS, TimeUnit.SECONDS)) {
            // Told in the story: it has not died, and not by our hand.
            return;
        }
        var events = new PriorityQueue<Event>(Comparator.comparing(Event::atNanos));
        long start = System.nanoTime();
        plan.harms().stream()
                .filter(harm -> harm.atMillis() != Plan.AT_THE_END)
                .forEach(harm -> events.add(new Event(millis(start, harm.atMillis()), () -> harm(process, harm))));
        if (plan.disk() == Disk.FULL && disk.isPresent()) {
            events.add(new Event(millis(start, plan.goodWrites() * MILLIS_PER_WRITE), () -> {
                disk.get().fill();
                filled = true;
            }));
        }
        events.add(
                new Event(millis(start, atOnce ? plan.ending().millis() : LONGEST_WORK_MILLIS), () -> kill(process)));
        boolean counts = plan.ending().when() == When.WORKING;
        while (!killed) {
            if (counts && ended.get() >= plan.ending().times()) {
                counts = false;
                events.add(new Event(millis(System.nanoTime(), plan.ending().millis()), () -> kill(process)));
            }
            if (events.element().atNanos <= System.nanoTime()) {
                events.remove().action.run();
            } else if (process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
        }
    }

    private static long millis(long start, int millis) {
        return start + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private void kill(Process process) {
        killed = true;
        // Not by way of its object, which would close the streams that are still read.
        process.toHandle().destroyForcibly();
    }

    private void harm(Process process, Harm harm) throws IOException, InterruptedException {
        boolean did = switch (harm.what()) {
            case FREEZE -> {
                signal(process, "STOP");
                // It may be killed before that is over: what is stopped dies as well.
                killed = process.waitFor(harm.amount(), TimeUnit.MILLISECONDS);
                signal(process, "CONT");
                yield true;
            }
            case CLOCK -> {
                if (clock.isPresent()) {
                    clock.get().jump(harm.amount());
                }
                yield clock.isPresent();
            }
            default -> site.harm(harm);
        };
        if (did) {
            done.add(harm);
        }
    }

    private static void signal(Process process, String name) throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid())
                .start()
                .waitFor();
    }

    private void read(Process process) {
        try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.equals(Worker.ENDED)) {
                    ended.incrementAndGet();
                } else if (line.equals(Worker.TESTIFIED)) {
                    testified = true;
                } else if (line.equals(Worker.OPENED)) {
                    opened = true;
                } else if (line.equals(Worker.WORKING)) {
                    working.countDown();
                } else if (line.startsWith(Worker.RECOVERED + " ")) {
                    recovered.set(Long.parseLong(line.substring(line.indexOf(' ') + 1)));
                }
            }
        } catch (IOException | NumberFormatException e) {
            // It was killed while it said something.
        } finally {
            // Whoever waits for it sees that it has ended.
            working.countDown();
        }
    }

    private static String ofThisLife(String errors) {
        return errors.substring(Math.max(0, errors.lastIndexOf(Machinery.HEADER)));
    }

    private Story story(int status, String errors) {
        var where = plan.ending().toString();
        var failure = "";
        boolean atStep = plan.ending().when() == When.STEP || plan.ending().when() == When.RECOVERING;
        if (status == KILLED && atStep) {
            where = new Plan.Ending(When.WORKING, 0, "", 0).toString();
        } else if (status == 1 && filled && !opened && ofThisLife(errors).contains("No space left on device")) {
            where = NO_ROOM;
        } else if (status != KILLED && status != HaltAt.STATUS) {
            failure = "life " + plan.life() + " ended by itself with " + status + ":\n" + errors;
        }
        long millis = recovered.get();
        return new Story(
                plan,
                where,
                List.copyOf(done),
                testified,
                millis < 0 ? OptionalLong.empty() : OptionalLong.of(millis),
                failure);
    }
}
