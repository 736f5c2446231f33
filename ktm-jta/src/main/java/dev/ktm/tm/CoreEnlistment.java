package dev.ktm.tm;

import dev.ktm.protocol.Participant;
import dev.ktm.protocol.Reply;
import dev.ktm.protocol.Role;
import dev.ktm.protocol.TransactionProtocol;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.ParticipantDescription;
import dev.ktm.rm.RecoveryInformation;
import dev.ktm.rm.TransactionState;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An enlistment itself; what others hold are {@link EnlistmentHandle}s. Guarded by its transaction's lock. */
final class CoreEnlistment extends Participant {

    final CoreTransaction transaction;
    /** The id by which the journal finds the resource manager again. */
    final UUID resourceManagerId;

    /** Which one of its transaction it is, from 1; 0 if its id is from an earlier life. */
    private final int ordinal;

    private @Nullable UUID id;
    /** Null while nobody has opened the resource manager after a restart. */
    volatile @Nullable CoreResourceManager resourceManager;

    volatile @Nullable Object key;
    volatile RecoveryInformation recoveryInformation = RecoveryInformation.NONE;
    int handles;

    CoreEnlistment(
            CoreTransaction transaction,
            CoreResourceManager resourceManager,
            int ordinal,
            NotificationMask mask,
            boolean durable,
            Role role,
            @Nullable Object key) {
        super(mask, durable, role);
        this.transaction = transaction;
        this.resourceManager = resourceManager;
        this.resourceManagerId = resourceManager.id;
        this.ordinal = ordinal;
        this.key = key;
    }

    /** One of an earlier life. */
    CoreEnlistment(
            CoreTransaction transaction,
            UUID resourceManagerId,
            UUID id,
            Role role,
            RecoveryInformation recoveryInformation) {
        super(Masks.of(role), true, role);
        this.transaction = transaction;
        this.resourceManagerId = resourceManagerId;
        this.ordinal = 0;
        this.id = id;
        this.recoveryInformation = recoveryInformation;
    }

    /** What people know its resource manager by. */
    String resourceManagerLabel() {
        var known = resourceManager;
        return known == null ? resourceManagerId.toString() : known.label();
    }

    /** What people are shown of it, if its resource manager has more to say than what itself is called. */
    Optional<ParticipantDescription> describe() {
        var known = resourceManager;
        return known == null ? Optional.empty() : known.describe(key, recoveryInformation);
    }

    UUID id() {
        var known = id;
        if (known == null) {
            // Unique as its transaction's is, and the same whoever asks first.
            var unit = transaction.unitOfWork();
            known = new UUID(unit.getMostSignificantBits() ^ Mixing.mix(ordinal), unit.getLeastSignificantBits());
            id = known;
        }
        return known;
    }

    // What it is told, and what it says; what follows is carried out before these return, unless somebody is at it
    // already.

    void deliver(Notification notification) {
        var told = resourceManager;
        if (told != null) {
            told.deliver(this, notification);
        } else {
            // Not opened since the restart, or closed: told when it recovers.
            transaction.act(protocol -> protocol.gone(this));
        }
    }

    /** Takes the participant's word. */
    void reply(Reply reply) throws KtmException {
        transaction.reply(this, reply);
    }

    /** As {@link #reply}, if it still stands there; otherwise somebody was quicker. */
    void replyIf(EnlistmentState expected, Reply reply) {
        transaction.act(protocol -> {
            if (state() == expected) {
                replyAllowed(protocol, reply);
            }
        });
    }

    /** Takes the participant's no, and why, for those who ask why the transaction was rolled back. */
    void refuse(Throwable why) throws KtmException {
        transaction.act(protocol -> {
            protocol.reply(this, Reply.ROLLBACK);
            transaction.fail(null, why);
        });
    }

    /** As {@link #refuse}, if it still owes an answer that may be no. */
    void refuseIfOwed(Throwable why) {
        transaction.act(protocol -> {
            if (state() == EnlistmentState.PRE_PREPARING || state() == EnlistmentState.PREPARING) {
                replyAllowed(protocol, Reply.ROLLBACK);
                transaction.fail(null, why);
            }
        });
    }

    private void replyAllowed(TransactionProtocol protocol, Reply reply) {
        try {
            protocol.reply(this, reply);
        } catch (KtmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The last handle of its resource manager was closed. What it has not been told yet is not told to its next life, which asks.
     */
    void resourceManagerGone() {
        transaction.act(protocol -> {
            transaction.effects.withdraw(this);
            protocol.gone(this);
            resourceManager = null;
        });
    }

    // Handles.

    void opened() {
        transaction.lock.lock();
        try {
            handles++;
        } finally {
            transaction.lock.unlock();
        }
    }

    void handleClosed() {
        transaction.act(protocol -> {
            handles--;
            if (handles == 0) {
                if (state() == EnlistmentState.ACTIVE && protocol.state() == TransactionState.ACTIVE) {
                    TransactionReports.closedAtWork(this);
                }
                protocol.closed(this);
            }
        });
    }
}
