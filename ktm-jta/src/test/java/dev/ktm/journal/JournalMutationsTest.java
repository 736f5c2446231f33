package dev.ktm.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Mutations;
import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Records of the journal that somebody has changed, checksum and all. */
@Tag("slow")
class JournalMutationsTest {

    private static final UUID MANAGER = new UUID(1, 2);

    private static TransactionRecord transaction(TransactionRecord.Status status, boolean decider, boolean damaged) {
        return new TransactionRecord(
                status,
                new TransactionId(MANAGER, 3, 4),
                new UUID(8, 9),
                77,
                decider
                        ? Optional.of(new EnlistmentRecord(new UUID(4, 4), new UUID(5, 6), new byte[40]))
                        : Optional.empty(),
                List.of(
                        new EnlistmentRecord(new UUID(6, 1), new UUID(7, 1), new byte[5]),
                        new EnlistmentRecord(new UUID(6, 2), new UUID(7, 2), new byte[0])),
                damaged
                        ? List.of(new Damage("d", new UUID(1, 1), HeuristicDecision.MIXED, -7, 123, "nöte"))
                        : List.of());
    }

    private static OperatorAct act() {
        return new OperatorAct(
                OperatorAct.Kind.COMPLETE,
                new TransactionId(new UUID(8, 8), 3, 4),
                new UUID(5, 6),
                Optional.of(new UUID(7, 7)),
                Instant.ofEpochMilli(1_234_567_890_123L),
                "Jörg",
                "the disk was thrown away");
    }

    private static byte[] bytes(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    @Test
    void aRecordIsReadOrRefused() {
        Mutations.feed(
                bytes -> {
                    try {
                        JournalFormat.decode(MANAGER, ByteBuffer.wrap(bytes));
                    } catch (JournalException e) {
                        assertThat(e).hasMessageContaining("expected");
                    }
                },
                30_000,
                List.of(
                        bytes(JournalFormat.encode(transaction(TransactionRecord.Status.COMMITTED, false, false))),
                        bytes(JournalFormat.encode(transaction(TransactionRecord.Status.PREPARED, true, true))),
                        bytes(JournalFormat.encodeEnd(new TransactionId(MANAGER, 4, 5))),
                        bytes(JournalFormat.encode(act()))));
    }

    @Test
    void aCheckpointIsReadOrRefused() {
        var checkpoint = new Checkpoint(
                MANAGER,
                99,
                List.of(
                        transaction(TransactionRecord.Status.COMMITTED, false, false),
                        transaction(TransactionRecord.Status.DELEGATED, true, false)),
                List.of(act()));

        Mutations.feed(
                bytes -> {
                    try {
                        Checkpoint.decode(ByteBuffer.wrap(bytes));
                    } catch (JournalException e) {
                        assertThat(e).hasMessageContaining("expected");
                    }
                },
                30_000,
                List.of(bytes(checkpoint.encode())));
    }
}
