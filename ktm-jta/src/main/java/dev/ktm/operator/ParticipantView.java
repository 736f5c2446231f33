package dev.ktm.operator;

import dev.ktm.rm.BranchId;
import dev.ktm.rm.EnlistmentState;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.TransactionInspection;
import java.util.Optional;
import java.util.UUID;

/**
 * An enlistment at one moment.
 *
 * @param id its id
 * @param resourceManager the name of its resource manager
 * @param resourceManagerId the id of that, under which the log finds it again; all branches of XA have one
 * @param product what it is, as its product or its class is called; empty if nobody knows
 * @param kind what it is to the transaction
 * @param state where it stands
 * @param owes whether the transaction waits for an answer of it
 * @param isDurable whether it must learn the outcome also after a crash
 * @param branch its branch, as {@code format:global:qualifier} in hexadecimal digits; empty if it has none
 * @param nativeBranch its branch as its own tools write it; empty if it has none
 */
public record ParticipantView(
        UUID id,
        String resourceManager,
        UUID resourceManagerId,
        String product,
        TransactionInspection.Kind kind,
        EnlistmentState state,
        boolean owes,
        boolean isDurable,
        Optional<String> branch,
        Optional<String> nativeBranch) {

    static ParticipantView of(TransactionInspection.Participant seen, Optional<TransactionId> transaction) {
        var branch = seen.branch()
                .or(() -> seen.kind() == TransactionInspection.Kind.XA
                        ? transaction.map(id -> Notation.branchOf(id, seen.id()))
                        : Optional.empty());
        var notation = Notation.of(seen.product());
        return new ParticipantView(
                seen.id(),
                seen.label(),
                seen.resourceManager(),
                seen.product(),
                seen.kind(),
                seen.state(),
                seen.owes(),
                seen.isDurable(),
                branch.map(BranchId::toString),
                branch.map(notation::text));
    }
}
