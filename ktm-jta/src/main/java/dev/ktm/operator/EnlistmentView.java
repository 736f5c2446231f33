package dev.ktm.operator;

import dev.ktm.rm.TransactionState;
import java.time.Duration;
import java.util.UUID;

/**
 * An enlistment, and the transaction that it is of.
 *
 * @param unitOfWork the id that clients know the transaction by
 * @param state where the transaction stands
 * @param age for how long the transaction has been there
 * @param participant the enlistment
 */
public record EnlistmentView(UUID unitOfWork, TransactionState state, Duration age, ParticipantView participant) {}
