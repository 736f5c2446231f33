package dev.ktm.journal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One participant in the journal: an immutable value. */
public final class EnlistmentRecord {

    private final UUID resourceManager;
    private final UUID enlistment;
    private final byte[] recoveryInformation;

    private EnlistmentRecord(byte[] recoveryInformation, UUID resourceManager, UUID enlistment) {
        this.resourceManager = resourceManager;
        this.enlistment = enlistment;
        this.recoveryInformation = recoveryInformation;
    }

    /**
     * A participant.
     *
     * @param resourceManager the id of its resource manager, which is asked again after a restart
     * @param enlistment its id
     * @param recoveryInformation what the resource manager wants to get back after a restart; may be empty, is copied
     */
    public EnlistmentRecord(UUID resourceManager, UUID enlistment, byte[] recoveryInformation) {
        this(recoveryInformation.clone(), resourceManager, enlistment);
    }

    /** As the constructor, but the array must never change: it is not copied. */
    public static EnlistmentRecord sharing(UUID resourceManager, UUID enlistment, byte[] recoveryInformation) {
        return new EnlistmentRecord(recoveryInformation, resourceManager, enlistment);
    }

    /** The id of its resource manager. */
    public UUID resourceManager() {
        return resourceManager;
    }

    /** Its id. */
    public UUID enlistment() {
        return enlistment;
    }

    /** A copy of what the resource manager wants to get back after a restart. */
    public byte[] recoveryInformation() {
        return recoveryInformation.clone();
    }

    /** Whether it is of this enlistment, with this very array. */
    public boolean isOf(UUID otherEnlistment, byte[] otherInformation) {
        return recoveryInformation == otherInformation && enlistment.equals(otherEnlistment);
    }

    int informationBytes() {
        return recoveryInformation.length;
    }

    void putInformation(ByteBuffer buffer) {
        buffer.put(recoveryInformation);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof EnlistmentRecord that
                && resourceManager.equals(that.resourceManager)
                && enlistment.equals(that.enlistment)
                && Arrays.equals(recoveryInformation, that.recoveryInformation);
    }

    @Override
    public int hashCode() {
        return Objects.hash(resourceManager, enlistment, Arrays.hashCode(recoveryInformation));
    }

    @Override
    public String toString() {
        return resourceManager + " " + enlistment + " (" + recoveryInformation.length + " bytes)";
    }
}
