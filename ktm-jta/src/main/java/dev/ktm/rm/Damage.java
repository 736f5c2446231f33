package dev.ktm.rm;

import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A participant that did otherwise than was decided: kept until an operator forgets it.
 *
 * @param resourceManager the name of its resource manager
 * @param enlistment its id
 * @param decision what it did
 * @param code the code with which it said so, as far as there is one
 * @param millis when that became known, in milliseconds since the epoch
 * @param note what else is known, for people
 */
public record Damage(
        String resourceManager, UUID enlistment, HeuristicDecision decision, int code, long millis, String note) {

    private static final int MOST_NOTE_CHARACTERS = 1_000;

    /** Shortens a note that is too long. */
    public Damage {
        Objects.requireNonNull(decision, "decision");
        if (note.length() > MOST_NOTE_CHARACTERS) {
            note = note.substring(0, MOST_NOTE_CHARACTERS);
        }
    }

    /** This and what was known before; just that if it says nothing new: who is asked again says the same again. */
    public List<Damage> addedTo(List<Damage> known) {
        return known.stream().anyMatch(this::saysTheSame)
                ? known
                : Stream.concat(known.stream(), Stream.of(this)).toList();
    }

    private boolean saysTheSame(Damage other) {
        return enlistment.equals(other.enlistment) && decision == other.decision && code == other.code;
    }
}
