package dev.ktm.simulation;

import dev.ktm.journal.TransactionRecord;
import dev.ktm.rm.KtmException;
import dev.ktm.testing.SimulatedJournal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjIntConsumer;

/**
 * Runs one transaction with a cast of participants and trouble with the log; crashes it at every step, and its recovery at every
 * step again; lets each end come, and checks the invariants of the architecture there.
 */
final class Simulation {

    /** What is run. */
    record Scenario(List<Part> cast, boolean underSuperior, SimulatedJournal.Trouble trouble, int spared) {

        /** In all ways in which the log can fail: at once, and, if somebody decides last, when that is to be written. */
        static List<Scenario> of(List<Part> cast, boolean underSuperior, List<SimulatedJournal.Trouble> troubles) {
            var all = new ArrayList<Scenario>();
            boolean last = cast.stream().anyMatch(part -> part.kind == Kind.LAST);
            for (var trouble : troubles) {
                all.add(new Scenario(cast, underSuperior, trouble, 0));
                if (last && trouble != SimulatedJournal.Trouble.NONE) {
                    all.add(new Scenario(cast, underSuperior, trouble, 1));
                }
            }
            return all;
        }

        @Override
        public String toString() {
            return (underSuperior ? "under a superior: " : "")
                    + cast.stream()
                            .map(part -> part.kind + " " + part.behaviour)
                            .toList() + ", log: " + trouble + (spared > 0 ? " the second time" : "");
        }
    }

    private final Scenario scenario;
    private final boolean secondCrash;
    private int runs;
    private final List<String> violations = new ArrayList<>();

    private Simulation(Scenario scenario, boolean secondCrash) {
        this.scenario = scenario;
        this.secondCrash = secondCrash;
    }

    /** What came of it. */
    record Result(int runs, List<String> violations) {}

    /** Runs a scenario; with a second crash at every step of each recovery, too, if wanted. */
    static Result run(Scenario scenario, boolean secondCrash) throws Exception {
        var simulation = new Simulation(scenario, secondCrash);
        simulation.run();
        return new Result(simulation.runs, simulation.violations);
    }

    private void run() throws Exception {
        var world = begin(true);
        commit(world);
        runs++;
        complain(world, "");
        var moments = List.copyOf(world.snapshots);
        for (int step = 1; step <= moments.size(); step++) {
            disturb("branches are asked for at step ", step, World::scanAfter);
            disturb("its time is over at step ", step, World::expireAfter);
        }
        for (var moment : moments) {
            crash(moment, "crash at " + moment.step(), secondCrash);
        }
        if (isEndReachable()) {
            // Nobody crashes: what is left is finished by the same life.
            world.snapshots.clear();
            world.recover();
            complain(world, "no crash");
            check(world, "no crash");
        }
    }

    /** Something happens in the middle of it all. */
    private void disturb(String what, int step, ObjIntConsumer<World> disturbance) throws Exception {
        var world = begin(false);
        disturbance.accept(world, step);
        commit(world);
        runs++;
        var path = what + step;
        complain(world, path);
        if (isEndReachable()) {
            world.recover();
            complain(world, path);
            check(world, path);
        }
    }

    private void commit(World world) throws Exception {
        if (scenario.underSuperior()) {
            world.commitForSuperior();
        } else {
            world.commit();
        }
    }

    private World begin(boolean watching) throws KtmException {
        var world = new World(
                scenario.cast().stream().map(Part::copy).toList(),
                SimulatedJournal.Disk.empty(),
                World.Told.NOTHING,
                World.Superior.NONE,
                watching);
        world.journal().setTrouble(scenario.trouble(), scenario.spared());
        return world;
    }

    /** Whether the life in which it began can end it. */
    private boolean isEndReachable() {
        return scenario.trouble() == SimulatedJournal.Trouble.NONE
                || scenario.trouble() == SimulatedJournal.Trouble.FULL;
    }

    private void crash(World.Snapshot moment, String path, boolean again) throws Exception {
        int unforced = moment.disk().unforcedEnds().size();
        for (int kept = 0; kept <= unforced; kept++) {
            var parts = moment.parts().stream().map(Part::copy).toList();
            var world = new World(parts, moment.disk().afterCrash(kept), moment.told(), moment.superior(), again);
            world.recover();
            runs++;
            complain(world, path);
            check(world, path);
            if (again) {
                for (var next : world.snapshots) {
                    crash(next, path + ", and at " + next.step(), false);
                }
            }
        }
    }

    private void complain(World world, String path) {
        for (var violation : world.violations) {
            violations.add(scenario + ", " + path + ": " + violation);
        }
    }

    /** What must hold when all that can be finished has been. */
    private void check(World world, String path) {
        var counting = world.parts().stream()
                .filter(part -> part.kind != Kind.VOLATILE && part.counts())
                .toList();
        boolean committed = counting.stream().anyMatch(part -> part.durable == Part.Durable.COMMITTED);
        for (var part : counting) {
            if (part.durable == Part.Durable.PREPARED) {
                fail(path, "nobody has told this participant the outcome: " + part, world);
            } else if (committed && part.durable != Part.Durable.COMMITTED) {
                fail(path, "I-2: others have committed, and not this one: " + part, world);
            }
        }
        for (var part : world.parts()) {
            var other = part.overruledTo == Part.Durable.COMMITTED ? Part.Durable.ROLLED_BACK : Part.Durable.COMMITTED;
            // Where the log could not take what the last one had decided, nobody knows that others were told.
            if (scenario.spared() == 0
                    && part.overruledTo != Part.Durable.NOTHING
                    && counting.stream().anyMatch(each -> each.durable == other)) {
                fail(path, "an operator has decided otherwise than others have done: " + part, world);
            }
        }
        // An operator may also decide otherwise than the client was told: nobody could say what that was.
        boolean overruled = world.parts().stream().anyMatch(part -> part.overruled && part.byHand);
        if (!overruled && world.told() == World.Told.COMMITTED && !counting.isEmpty() && !committed) {
            fail(path, "I-3: the client was told that it is committed", world);
        }
        if (!overruled && world.told() == World.Told.ROLLED_BACK && committed) {
            fail(path, "I-3: the client was told that it is rolled back", world);
        }
        if (world.superior() == World.Superior.ROLLS_BACK && committed) {
            fail(path, "the superior has not decided to commit", world);
        }
        checkDamage(path, world);
        checkNotes(path, world);
    }

    private void checkNotes(String path, World world) {
        for (var part : world.parts()) {
            // What an operator has decided otherwise is kept until somebody has compared.
            if (part.noted != null && !part.byHand) {
                fail(path, "a note is kept for ever: " + part, world);
            }
        }
    }

    private void checkDamage(String path, World world) {
        boolean damaged = false;
        for (var part : world.parts()) {
            damaged |= part.byHand;
            if (part.heuristic) {
                fail(path, "nobody has told this participant to forget: " + part, world);
            }
        }
        boolean known = false;
        for (TransactionRecord record : world.remembered()) {
            known |= !record.damage().isEmpty();
            if (record.damage().isEmpty()) {
                fail(path, "I-5: it is finished, and remembered for ever: " + record, world);
            }
        }
        if (damaged && !known) {
            fail(path, "a participant has decided otherwise, and nothing tells of it", world);
        }
    }

    private void fail(String path, String what, World world) {
        violations.add(scenario + ", " + path + ": " + what + "; told " + world.told() + ", " + world.parts());
    }
}
