package dev.ktm.operator;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * A coordinator at one moment.
 *
 * @param identity its identity, which its log keeps
 * @param name what people call it; empty if it has no name
 * @param logPath where its log is; empty if it has none
 * @param isVolatile whether it has no log
 * @param isOnline whether it takes requests
 * @param incarnation its life: the number of times that its log was opened
 * @param clock its virtual clock
 * @param opened when this life began
 * @param processId the process that it lives in
 * @param user the user of the operating system who runs that
 * @param live how many transactions have not ended
 * @param unfinished how many of those the log has to keep: decided, or prepared for somebody else who decides
 * @param inDoubt how many of those wait for a decision that an operator may give
 * @param damaged how many transactions are remembered because somebody did otherwise than was decided
 * @param log its log; empty if it has none, or if that cannot be read any more
 */
public record ManagerView(
        UUID identity,
        String name,
        Optional<String> logPath,
        boolean isVolatile,
        boolean isOnline,
        long incarnation,
        long clock,
        Instant opened,
        long processId,
        String user,
        int live,
        int unfinished,
        int inDoubt,
        int damaged,
        Optional<LogView> log) {

    /**
     * A log at one moment.
     *
     * @param capacityBytes how much it holds, in bytes
     * @param usedBytes how much of that is taken or set aside, in bytes
     * @param usedShare the part of it that is, from 0 to 1
     * @param lastLsn where the newest record of the coordinator lies; empty if there is none
     * @param oldestUnfinished the unit of work of the oldest transaction that it has to keep; empty if there is none
     */
    public record LogView(
            long capacityBytes,
            long usedBytes,
            double usedShare,
            OptionalLong lastLsn,
            Optional<UUID> oldestUnfinished) {}
}
