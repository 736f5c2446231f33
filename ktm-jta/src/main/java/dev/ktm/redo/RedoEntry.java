package dev.ktm.redo;

import dev.ktm.log.Reservation;
import dev.ktm.rm.Enlistment;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One transaction's part in a resource manager, from its first work to the answer to its outcome. */
final class RedoEntry {

    /** Where it stands. */
    enum Stage {
        /** Work is being done. After a crash: it never happened. */
        ACTIVE,
        /** Its redo is in the log. After a crash: the coordinator is asked. */
        PREPARED,
        /** Its commit is in the log, or is being forced. After a crash: it is redone if that has reached the disk. */
        COMMITTED,
        /** It never happened. After a crash: as before it. */
        ROLLED_BACK,
        /** It had nothing to commit and has left. After a crash: as before it. */
        RELEASED
    }

    final UUID unitOfWork;
    final RedoWork work;

    private final AtomicReference<Stage> stage;
    private volatile boolean alone;
    private volatile @Nullable UUID id;
    private volatile @Nullable Enlistment enlistment;
    private volatile @Nullable Reservation reservation;

    /** One of an active transaction. */
    RedoEntry(UUID unitOfWork, RedoWork work) {
        this.unitOfWork = unitOfWork;
        this.work = work;
        this.stage = new AtomicReference<>(Stage.ACTIVE);
    }

    /** One that an earlier life has prepared. */
    RedoEntry(UUID id, UUID unitOfWork, RedoWork work) {
        this.unitOfWork = unitOfWork;
        this.work = work;
        this.stage = new AtomicReference<>(Stage.PREPARED);
        this.id = id;
    }

    Stage stage() {
        return Objects.requireNonNull(stage.get());
    }

    /** Whether it was at the one stage, and is now at the other. */
    boolean moves(Stage from, Stage to) {
        return stage.compareAndSet(from, to);
    }

    /** How the coordinator is answered. */
    void answersThrough(UUID identity, Enlistment value) {
        id = identity;
        enlistment = value;
    }

    boolean isIdentified() {
        return id != null;
    }

    /** Whether the coordinator can be answered: it has mentioned it in this life. */
    boolean isAnswerable() {
        return enlistment != null;
    }

    /** The id of its enlistment. */
    UUID id() {
        var value = id;
        if (value == null) {
            throw new IllegalStateException("expected an enlistment of " + unitOfWork + ", found none yet");
        }
        return value;
    }

    Enlistment enlistment() {
        var value = enlistment;
        if (value == null) {
            throw new IllegalStateException("expected an enlistment of " + unitOfWork + ", found none yet");
        }
        return value;
    }

    /** Nobody else has anything to commit. */
    void decidesAlone() {
        alone = true;
    }

    boolean isAlone() {
        return alone;
    }

    /** Keeps space for the record of its end. */
    void reserve(Reservation value) {
        reservation = value;
    }

    @Nullable
    Reservation reservation() {
        return reservation;
    }

    /** It needs no space any more. */
    void end() {
        var space = reservation;
        if (space != null) {
            space.close();
        }
    }
}
