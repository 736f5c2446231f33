package dev.ktm.operator;

import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import java.time.Instant;
import java.util.UUID;

/**
 * A participant that did otherwise than was decided.
 *
 * @param resourceManager the name or the id of its resource manager
 * @param enlistment the id of its enlistment
 * @param decision what it did
 * @param code the code with which it said so, as far as there is one
 * @param when when that became known
 * @param note what else is known
 */
public record DamageView(
        String resourceManager, UUID enlistment, HeuristicDecision decision, int code, Instant when, String note) {

    static DamageView of(Damage damage) {
        return new DamageView(
                damage.resourceManager(),
                damage.enlistment(),
                damage.decision(),
                damage.code(),
                Instant.ofEpochMilli(damage.millis()),
                damage.note());
    }
}
