package dev.ktm.tm;

import dev.ktm.protocol.Participant;
import dev.ktm.protocol.Role;
import dev.ktm.rm.NotificationMask;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An enlistment itself; what others hold are {@link EnlistmentHandle}s. Guarded by its transaction's lock. */
final class CoreEnlistment extends Participant {

    static final byte[] NO_INFORMATION = {};

    final CoreTransaction transaction;
    /** The id by which the journal finds the resource manager again. */
    final UUID resourceManagerId;

    /** Which one of its transaction it is, from 1; 0 if its id is from an earlier life. */
    private final int ordinal;

    private @Nullable UUID id;
    /** Null while nobody has opened the resource manager after a restart. */
    volatile @Nullable CoreResourceManager resourceManager;

    volatile @Nullable Object key;
    volatile byte[] recoveryInformation = NO_INFORMATION;
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
            CoreTransaction transaction, UUID resourceManagerId, UUID id, Role role, byte[] recoveryInformation) {
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
}
