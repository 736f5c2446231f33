package dev.ktm.file;

import dev.ktm.log.LogStats;
import java.time.Duration;
import java.util.Optional;

/**
 * What a file manager has done since it was opened, and what it is doing.
 *
 * @param onePhaseCommits commits that it has decided alone
 * @param twoPhaseCommits commits that were decided elsewhere
 * @param rollbacks transactions that were rolled back
 * @param active transactions that have not ended
 * @param inDoubt those of them that are prepared
 * @param oldest how long the oldest of them has been at work; empty if there is none
 * @param unsettled files that are changed and not forced
 * @param logFullConditions how often something did not fit into the log at first
 * @param log how large the coordinator's log is, and what is free of it
 */
public record FileStatistics(
        long onePhaseCommits,
        long twoPhaseCommits,
        long rollbacks,
        int active,
        int inDoubt,
        Optional<Duration> oldest,
        int unsettled,
        long logFullConditions,
        LogStats log) {}
