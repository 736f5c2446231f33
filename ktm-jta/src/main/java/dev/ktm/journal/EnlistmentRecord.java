package dev.ktm.journal;

import dev.ktm.rm.RecoveryInformation;
import java.util.UUID;

/**
 * One participant in the journal.
 *
 * @param resourceManager the id of its resource manager, which is asked again after a restart
 * @param enlistment its id
 * @param recoveryInformation what the resource manager wants to get back after a restart
 */
public record EnlistmentRecord(UUID resourceManager, UUID enlistment, RecoveryInformation recoveryInformation) {

    /** A participant with these bytes, which are copied. */
    public EnlistmentRecord(UUID resourceManager, UUID enlistment, byte[] recoveryInformation) {
        this(resourceManager, enlistment, new RecoveryInformation(recoveryInformation));
    }
}
