package dev.ktm.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class JournalFormatTest {

    private static final UUID MANAGER = new UUID(1, 2);

    private static List<Damage> damage(TransactionRecord.Status status) {
        return status == TransactionRecord.Status.COMMITTED
                ? List.of()
                : Arrays.stream(HeuristicDecision.values())
                        .map(decision -> new Damage("d", new UUID(1, 1), decision, -7, 123, "n\u00f6te"))
                        .toList();
    }

    private static TransactionRecord transaction(TransactionRecord.Status status, int participants) {
        boolean othersDecide =
                status == TransactionRecord.Status.PREPARED || status == TransactionRecord.Status.DELEGATED;
        var decider = othersDecide
                ? Optional.of(new EnlistmentRecord(new UUID(4, 4), new UUID(5, 6), new byte[64]))
                : Optional.<EnlistmentRecord>empty();
        var all = new EnlistmentRecord[participants];
        for (int i = 0; i < participants; i++) {
            all[i] = new EnlistmentRecord(new UUID(6, i), new UUID(7, i), new byte[i]);
        }
        return new TransactionRecord(
                status,
                new TransactionId(MANAGER, 3, 1L << 40),
                new UUID(8, 9),
                77,
                decider,
                List.of(all),
                damage(status));
    }

    @Test
    void aRecordIsReadAsItWasWritten() throws Exception {
        for (var status : TransactionRecord.Status.values()) {
            for (int participants : new int[] {0, 1, 2, 300}) {
                var transaction = transaction(status, participants);

                var bytes = JournalFormat.encode(transaction);

                assertThat(bytes.remaining()).isEqualTo(JournalFormat.sizeOf(transaction));
                assertThat(JournalFormat.decode(MANAGER, bytes).transaction()).contains(transaction);
            }
        }
    }

    @Test
    void anEndIsReadAsItWasWritten() throws Exception {
        var id = new TransactionId(MANAGER, 4, 5);

        var decoded = JournalFormat.decode(MANAGER, JournalFormat.encodeEnd(id));

        assertThat(decoded)
                .isEqualTo(new JournalFormat.Decoded(JournalFormat.Kind.ENDED, id, Optional.empty(), Optional.empty()));
    }

    private static OperatorAct act(OperatorAct.Kind kind) {
        return new OperatorAct(
                kind,
                new TransactionId(new UUID(8, 8), 3, 4),
                new UUID(5, 6),
                kind == OperatorAct.Kind.COMPLETE ? Optional.of(new UUID(7, 7)) : Optional.empty(),
                Instant.ofEpochMilli(1_234_567_890_123L),
                "J\u00f6rg",
                "the disk of the stock database was thrown away");
    }

    @Test
    void whatAnOperatorDoesIsReadAsItWasWrittenAlsoUnderAnotherIdentity() throws Exception {
        for (var kind : OperatorAct.Kind.values()) {
            var act = act(kind);

            var bytes = JournalFormat.encode(act);

            assertThat(bytes.remaining()).isEqualTo(JournalFormat.sizeOf(act));
            var decoded = JournalFormat.decode(MANAGER, bytes);
            assertThat(decoded.operator()).contains(act);
            assertThat(decoded.transaction()).isEmpty();
        }
    }

    @Test
    void theBytesOfWhatAnOperatorDoesStayAsTheyAre() {
        var first = new byte[40];

        JournalFormat.encode(act(OperatorAct.Kind.COMPLETE)).get(first);

        assertThat(HexFormat.of().formatHex(first))
                .isEqualTo("01060000" + "0300000000000000" + "0400000000000000" + "0800000000000000"
                        + "0800000000000000" + "05000000");
    }

    @Test
    void whatAnOperatorDoesIsRefusedWhenItIsCutOffAnywhereOrMakesNoSense() {
        var bytes = JournalFormat.encode(act(OperatorAct.Kind.FORGET));
        for (int length = 0; length < bytes.capacity(); length++) {
            var cut = bytes.duplicate().limit(length);

            assertThatThrownBy(() -> JournalFormat.decode(MANAGER, cut)).isInstanceOf(JournalException.class);
        }
        var flagged = JournalFormat.encode(act(OperatorAct.Kind.FORGET)).put(2, (byte) 1);
        assertThatThrownBy(() -> JournalFormat.decode(MANAGER, flagged)).hasMessageContaining("flags 1");
        var unknown = JournalFormat.encode(act(OperatorAct.Kind.FORGET)).put(52, (byte) 10);
        assertThatThrownBy(() -> JournalFormat.decode(MANAGER, unknown)).hasMessageContaining("act of an operator 10");
    }

    @Test
    void anOperatorHasToSayWhoAndWhy() {
        assertThatThrownBy(() -> new OperatorAct(
                        OperatorAct.Kind.FORGET,
                        new TransactionId(MANAGER, 3, 4),
                        new UUID(5, 6),
                        Optional.empty(),
                        Instant.EPOCH,
                        " ",
                        "because"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("who");
        assertThatThrownBy(() -> new OperatorAct(
                        OperatorAct.Kind.FORGET,
                        new TransactionId(MANAGER, 3, 4),
                        new UUID(5, 6),
                        Optional.empty(),
                        Instant.EPOCH,
                        "me",
                        "x".repeat(501)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 to 500");
    }

    @Test
    void aRecordOfAnotherVersionIsRefusedByItsVersion() {
        var bytes = JournalFormat.encode(transaction(TransactionRecord.Status.COMMITTED, 1));
        bytes.put(0, (byte) 2);

        assertThatThrownBy(() -> JournalFormat.decode(MANAGER, bytes))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("version 2");
    }

    @Test
    void whatIsCutOffAnywhereIsRefused() {
        var bytes = JournalFormat.encode(transaction(TransactionRecord.Status.PREPARED, 2));
        for (int length = 0; length < bytes.capacity(); length++) {
            var cut = bytes.duplicate().limit(length);

            assertThatThrownBy(() -> JournalFormat.decode(MANAGER, cut)).isInstanceOf(JournalException.class);
        }
    }

    @Test
    @Tag("slow")
    void arbitraryBytesAreReadOrRefusedAndNothingElse() {
        var random = new SplittableRandom(42);
        var wholes = List.of(
                JournalFormat.encode(transaction(TransactionRecord.Status.PREPARED, 3)),
                JournalFormat.encode(act(OperatorAct.Kind.COMPLETE)));
        for (int i = 0; i < 100_000; i++) {
            var whole = wholes.get(i % 2);
            var bytes = new byte[whole.remaining()];
            whole.duplicate().get(bytes);
            for (int flips = random.nextInt(1, 4); flips > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            decodeOrRefuse(ByteBuffer.wrap(bytes));
            random.nextBytes(bytes);
            bytes[0] = 1;
            decodeOrRefuse(ByteBuffer.wrap(bytes, 0, random.nextInt(bytes.length)));
        }
    }

    private static void decodeOrRefuse(ByteBuffer bytes) {
        try {
            JournalFormat.decode(MANAGER, bytes);
            Checkpoint.decode(bytes);
        } catch (JournalException e) {
            if (!String.valueOf(e.getMessage()).contains("expected")) {
                throw new AssertionError("expected a message that says what was expected", e);
            }
        }
    }

    @Test
    void aCheckpointIsReadAsItWasWritten() throws Exception {
        var checkpoint = new Checkpoint(
                MANAGER,
                99,
                List.of(
                        transaction(TransactionRecord.Status.COMMITTED, 2),
                        transaction(TransactionRecord.Status.PREPARED, 1)),
                List.of(act(OperatorAct.Kind.FORGET), act(OperatorAct.Kind.COMPLETE)));

        var bytes = checkpoint.encode();

        assertThat(bytes.remaining()).isEqualTo(checkpoint.size());
        assertThat(Checkpoint.decode(bytes)).isEqualTo(checkpoint);
    }
}
