package dev.ktm.journal;

import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One participant in the journal: an immutable value. */
public final class EnlistmentRecord {

    private final String resourceManager;
    private final UUID enlistment;
    private final byte[] recoveryInformation;

    /**
     * A participant.
     *
     * @param resourceManager the stable name of its resource manager, which is asked again after a restart
     * @param enlistment its id
     * @param recoveryInformation what the resource manager wants to get back after a restart; may be empty, is copied
     */
    public EnlistmentRecord(String resourceManager, UUID enlistment, byte[] recoveryInformation) {
        this.resourceManager = resourceManager;
        this.enlistment = enlistment;
        this.recoveryInformation = recoveryInformation.clone();
    }

    /** The stable name of its resource manager. */
    public String resourceManager() {
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

    int informationBytes() {
        return recoveryInformation.length;
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
