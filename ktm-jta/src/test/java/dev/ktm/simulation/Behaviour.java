package dev.ktm.simulation;

import java.util.Arrays;
import java.util.List;

/** How a participant behaves. Faults strike once: whoever asks again finds it well. */
enum Behaviour {
    YES(Kind.XA, Kind.NATIVE, Kind.VOLATILE, Kind.LAST),
    READ_ONLY(Kind.XA, Kind.NATIVE, Kind.VOLATILE),
    /** Refuses, and has forgotten the branch. */
    REFUSES(Kind.XA, Kind.NATIVE, Kind.VOLATILE, Kind.LAST),
    /** Refuses, and keeps the branch. */
    REFUSES_AND_KEEPS(Kind.XA),
    /** Is prepared, but says that it has failed. */
    VOTE_IS_LOST(Kind.XA, Kind.NATIVE),
    /** Fails when it has to end its work. */
    END_FAILS(Kind.XA, Kind.LAST),
    /** Does not commit, and says so. */
    COMMIT_FAILS(Kind.XA, Kind.NATIVE, Kind.LAST),
    /** Commits, but says that it has failed. */
    COMMIT_IS_LOST(Kind.XA, Kind.NATIVE, Kind.LAST),
    /** Says that it knows no such branch, and has it. */
    COMMIT_LIES(Kind.XA),
    /** An administrator has rolled back when it is to commit. */
    ROLLED_BACK_BY_HAND(Kind.XA),
    /** An administrator has committed when it is to roll back or to commit. */
    COMMITTED_BY_HAND(Kind.XA),
    /** An administrator has done a part of each when it is to commit or to roll back. */
    MIXED_BY_HAND(Kind.XA),
    /** Nobody knows what was done when it is to commit or to roll back. */
    HAZARD(Kind.XA),
    /** Does not roll back, and says so. */
    ROLLBACK_FAILS(Kind.XA, Kind.NATIVE, Kind.LAST),
    /** Does not commit, says that it has failed, and cannot be asked what it has done. */
    COMMIT_FAILS_IN_SILENCE(Kind.LAST),
    /** Commits, says that it has failed, and cannot be asked what it has done. */
    COMMIT_IS_LOST_IN_SILENCE(Kind.LAST),
    /** Says that it has failed, cannot be asked, and commits a little later if it still can. */
    COMMITS_LATE(Kind.LAST),
    /** Cannot note what it decides. */
    NOTE_FAILS(Kind.LAST),
    /** Does not commit, and cannot be asked until an operator has begun to commit in its place. */
    OVERRULED_BY_A_COMMIT(Kind.LAST),
    /** Commits, says that it has failed, and cannot be asked until an operator has begun to roll back in its place. */
    OVERRULED_BY_A_ROLLBACK(Kind.LAST),
    /** Commits, and cannot be asked after a crash until an operator has begun to roll back in its place. */
    LOST_AFTER_A_COMMIT(Kind.LAST),
    /** Refuses, and cannot be asked after a crash until an operator has begun to commit in its place. */
    LOST_AFTER_A_REFUSAL(Kind.LAST);

    private final boolean xa;
    private final boolean nativeKind;
    private final boolean volatileKind;
    private final boolean last;

    Behaviour(Kind... kinds) {
        var all = List.of(kinds);
        this.xa = all.contains(Kind.XA);
        this.nativeKind = all.contains(Kind.NATIVE);
        this.volatileKind = all.contains(Kind.VOLATILE);
        this.last = all.contains(Kind.LAST);
    }

    static List<Behaviour> of(Kind kind) {
        return Arrays.stream(values()).filter(each -> each.suits(kind)).toList();
    }

    private boolean suits(Kind kind) {
        return switch (kind) {
            case XA -> xa;
            case NATIVE -> nativeKind;
            case VOLATILE -> volatileKind;
            case LAST -> last;
        };
    }
}
