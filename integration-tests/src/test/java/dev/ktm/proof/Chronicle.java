package dev.ktm.proof;

import dev.ktm.proof.Attempt.Knew;
import dev.ktm.servers.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What has happened in a campaign, and what came out. */
final class Chronicle {

    private final Proof.Settings settings;
    private final boolean smallDisk;
    private final boolean wrongClock;
    private final List<Life.Story> lives = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final Map<Kind, Integer> serverKills = new EnumMap<>(Kind.class);
    private final long start = System.nanoTime();
    private List<Attempt> attempts = List.of();
    private Set<String> committed = Set.of();
    private int excused;
    private Map<Part, List<Evidence.Loss>> losses = Map.of();
    private int checks;
    private int unanswered;
    private int refusals;
    private long lifeNanos;
    private long longestSettlingNanos;

    Chronicle(Proof.Settings settings, boolean smallDisk, boolean wrongClock) {
        this.settings = settings;
        this.smallDisk = smallDisk;
        this.wrongClock = wrongClock;
    }

    void lived(Life.Story story, long nanos) {
        lives.add(story);
        lifeNanos += nanos;
        if (!story.failure().isEmpty()) {
            violations.add(story.failure());
        }
    }

    void serverKills(Map<Kind, Integer> byKind) {
        serverKills.putAll(byKind);
    }

    void checked(List<Attempt> all, Checker.Verdict verdict, Evidence evidence, long settlingNanos) {
        checks++;
        attempts = all;
        committed = verdict.committed();
        excused = verdict.excused().size();
        losses = Map.copyOf(evidence.losses);
        longestSettlingNanos = Math.max(longestSettlingNanos, settlingNanos);
        violations.addAll(verdict.violations());
    }

    /** So many transactions of a single participant are kept as damage, since the answer to their commit was lost. */
    void unanswered(int kept) {
        unanswered = kept;
    }

    /** So often an operator asked for what must be refused, and was. */
    void operatorWasRefused(int times) {
        refusals = times;
    }

    int refusals() {
        return refusals;
    }

    int unanswered() {
        return unanswered;
    }

    /** Something that no check is needed for. */
    void violated(String what) {
        violations.add(what);
    }

    boolean failed() {
        return !violations.isEmpty();
    }

    Proof.Settings settings() {
        return settings;
    }

    boolean hadSmallDisk() {
        return smallDisk;
    }

    boolean hadWrongClock() {
        return wrongClock;
    }

    List<Life.Story> lives() {
        return lives;
    }

    /** How many of them were killed. */
    long kills() {
        return lives.stream().filter(Life.Story::wasKilled).count();
    }

    /** In words; empty if all is well. */
    List<String> violations() {
        return violations;
    }

    Map<Kind, Integer> serverKills() {
        return serverKills;
    }

    int allServerKills() {
        return serverKills.values().stream().mapToInt(Integer::intValue).sum();
    }

    List<Attempt> attempts() {
        return attempts;
    }

    boolean isCommitted(Attempt attempt) {
        return committed.contains(attempt.key());
    }

    long count(Knew knew) {
        return attempts.stream().filter(attempt -> attempt.knew() == knew).count();
    }

    Map<Part, List<Evidence.Loss>> losses() {
        return losses;
    }

    /** How many transactions are there but for a participant that has lost them. */
    int excused() {
        return excused;
    }

    int checks() {
        return checks;
    }

    long lifeNanos() {
        return lifeNanos;
    }

    long longestSettlingNanos() {
        return longestSettlingNanos;
    }

    long nanos() {
        return System.nanoTime() - start;
    }
}
