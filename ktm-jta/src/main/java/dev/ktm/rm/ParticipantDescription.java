package dev.ktm.rm;

import java.util.Optional;

/**
 * What people are shown of a participant that stands for a branch of somebody else.
 *
 * @param resourceManager the name under which it is registered; empty if nobody knows
 * @param product what it is, as its product or its class is called; empty if nobody knows
 * @param branch the branch as others know it; empty if that is the transaction's id and the enlistment's
 */
public record ParticipantDescription(String resourceManager, String product, Optional<BranchId> branch) {}
