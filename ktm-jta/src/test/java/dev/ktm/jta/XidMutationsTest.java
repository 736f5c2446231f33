package dev.ktm.jta;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.log.testing.Mutations;
import dev.ktm.rm.KtmError;
import dev.ktm.rm.KtmException;
import dev.ktm.rm.TransactionId;
import dev.ktm.testing.SimulatedDatabase;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Xids of others: what resource managers list, and what superiors bring. */
@Tag("slow")
class XidMutationsTest {

    /** As a driver or a superior may have it. */
    private static final class Foreign implements Xid {
        private final int format;
        private final byte @Nullable [] global;
        private final byte @Nullable [] qualifier;

        Foreign(int format, byte @Nullable [] global, byte @Nullable [] qualifier) {
            this.format = format;
            this.global = global;
            this.qualifier = qualifier;
        }

        /** The format, the length of the global transaction id, that, and the qualifier. */
        static Foreign of(byte[] bytes) {
            if (bytes.length < 5) {
                return new Foreign(BranchXid.FORMAT_ID, bytes.length % 2 == 0 ? null : bytes, null);
            }
            var buffer = ByteBuffer.wrap(bytes);
            int format = buffer.getInt();
            var global = new byte[Math.min(Byte.toUnsignedInt(buffer.get()), buffer.remaining())];
            buffer.get(global);
            var qualifier = new byte[buffer.remaining()];
            buffer.get(qualifier);
            return new Foreign(format, global, qualifier);
        }

        @Override
        public int getFormatId() {
            return format;
        }

        @Override
        @SuppressWarnings("NullAway") // Drivers do that.
        public byte[] getGlobalTransactionId() {
            return global;
        }

        @Override
        @SuppressWarnings("NullAway")
        public byte[] getBranchQualifier() {
            return qualifier;
        }
    }

    private static byte[] own() {
        var own = new BranchXid(new TransactionId(new UUID(1, 2), 3, 4), new UUID(5, 6));
        return ByteBuffer.allocate(Integer.BYTES + 1 + 48)
                .putInt(BranchXid.FORMAT_ID)
                .put((byte) TransactionId.BYTES)
                .put(own.getGlobalTransactionId())
                .put(own.getBranchQualifier())
                .array();
    }

    @Test
    void whatIsListedIsOursOrNot() {
        Mutations.feed(
                bytes -> {
                    var xid = Foreign.of(bytes);
                    BranchXid.of(xid).ifPresent(own -> {
                        assertThat(own.getFormatId()).isEqualTo(xid.getFormatId());
                        assertThat(own.getGlobalTransactionId()).isEqualTo(xid.getGlobalTransactionId());
                        assertThat(own.getBranchQualifier()).isEqualTo(xid.getBranchQualifier());
                    });
                },
                30_000,
                List.of(own()));
    }

    @Test
    void whatASuperiorBringsIsKeptToTheLetterOrRefused() {
        Mutations.feed(
                bytes -> {
                    var xid = Foreign.of(bytes);
                    try {
                        var kept = ForeignXid.of(xid);
                        assertThat(ForeignXid.fromBytes(kept.toBytes())).isEqualTo(kept);
                    } catch (IllegalArgumentException e) {
                        assertThat(e).hasMessageContaining("expected");
                    }
                },
                30_000,
                List.of(own(), new byte[4 + 1 + 64 + 64]));
    }

    @Test
    void whatTheLogHasOfItIsReadToTheLetterOrRefused() {
        Mutations.feed(
                bytes -> {
                    try {
                        assertThat(ForeignXid.fromBytes(bytes).toBytes()).isEqualTo(bytes);
                    } catch (KtmException e) {
                        assertThat(e.error()).isEqualTo(KtmError.LOG_CORRUPTION_DETECTED);
                        assertThat(e).hasMessageContaining("expected the xid of another transaction manager");
                    }
                },
                30_000,
                List.of(own(), new byte[] {0, 0, 0, 1, 64, 1}, new byte[] {0, 0, 0, 1, -1, 1}, new byte[3]));
    }

    /** A resource manager that lists whatever it likes has nothing of others ended, and keeps nobody from recovering. */
    @Test
    void aListThatMakesNoSenseHarmsNobody() throws Exception {
        var random = new SplittableRandom(5);
        var database = new SimulatedDatabase("orders");
        for (int i = 0; i < 500; i++) {
            var bytes = own();
            for (int flips = random.nextInt(4); flips > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            var xid = Foreign.of(bytes);
            if (xid.global != null && xid.qualifier != null) {
                database.addForeign(xid);
            }
        }
        int before = database.branches();

        try (var ktm = Ktm.open(KtmOptions.builder().inMemory().build())) {
            ktm.register("orders", () -> database.connect());
            ktm.recoverNow();

            assertThat(database.branches())
                    .as("none of them is this coordinator's")
                    .isEqualTo(before);
            var manager = ktm.transactionManager();
            manager.begin();
            var connection = database.connect();
            manager.getTransaction().enlistResource(ktm.named("orders", connection));
            connection.put("a");
            manager.commit();
        }
        assertThat(database.committed()).contains("a");
    }
}
