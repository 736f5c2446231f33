package dev.ktm.operator;

import dev.ktm.rm.Outcome;
import dev.ktm.rm.TransactionId;
import dev.ktm.tm.ManagerHandle;
import java.util.List;
import java.util.UUID;

/**
 * A transaction some of whose participants did otherwise than was decided: remembered until an operator forgets it.
 *
 * @param unitOfWork the id that clients know it by
 * @param id its identity, as it stands in xids
 * @param outcome what was decided
 * @param damage who did otherwise
 */
public record DamagedView(UUID unitOfWork, TransactionId id, Outcome outcome, List<DamageView> damage) {

    static DamagedView of(ManagerHandle.Damaged damaged) {
        return new DamagedView(
                damaged.unitOfWork(),
                damaged.transaction(),
                damaged.committed() ? Outcome.COMMITTED : Outcome.ABORTED,
                damaged.damage().stream().map(DamageView::of).toList());
    }
}
