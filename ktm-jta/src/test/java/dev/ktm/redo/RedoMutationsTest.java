package dev.ktm.redo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Mutations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Records of a native resource manager that somebody has changed, checksum and all. */
@Tag("slow")
class RedoMutationsTest {

    private static byte[] bytes(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static ByteBuffer part(int length) {
        return ByteBuffer.wrap(new byte[length]);
    }

    @Test
    void aRecordIsReadOrRefused() {
        Mutations.feed(
                bytes -> {
                    var record = ByteBuffer.wrap(bytes);
                    try {
                        byte kind = RedoFormat.kind(record);
                        if (kind < RedoFormat.NOTE) {
                            RedoFormat.id(record);
                        }
                        if (kind == RedoFormat.PREPARED) {
                            RedoFormat.id(record);
                            record.getInt();
                        }
                        RedoFormat.rest(record);
                    } catch (IOException e) {
                        assertThat(e).hasMessageContaining("expected");
                    }
                },
                20_000,
                List.of(
                        bytes(RedoFormat.prepared(new UUID(1, 2), new UUID(3, 4), RedoFormat.FIRST, part(9))),
                        bytes(RedoFormat.end(RedoFormat.COMMITTED, new UUID(1, 2))),
                        bytes(RedoFormat.note(part(3))),
                        bytes(RedoFormat.whole(List.of(part(3), part(4))))));
    }

    @Test
    void aRestartAreaIsReadOrRefused() {
        var restart = new RedoFormat.Restart(
                7,
                List.of(
                        new RedoFormat.Carried(new UUID(1, 2), new UUID(3, 4), List.of(part(5), part(0))),
                        new RedoFormat.Carried(new UUID(5, 6), new UUID(7, 8), List.of())),
                part(16));

        Mutations.feed(
                bytes -> {
                    try {
                        RedoFormat.restart(ByteBuffer.wrap(bytes));
                    } catch (IOException e) {
                        assertThat(e).hasMessageContaining("expected");
                    }
                },
                20_000,
                List.of(bytes(restart.encode())));
    }
}
