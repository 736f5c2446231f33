package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.testing.Mutations;
import dev.ktm.log.testing.SimulatedDevice;
import dev.ktm.registry.Node.Attributes;
import dev.ktm.registry.Node.Child;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a registry reads, changed by somebody who has put the checksums right again. */
@Tag("slow")
class RegistryMutationsTest {

    private static final String FILE = "some.hive";

    private static Attributes attributes() {
        return new Attributes("class", new KeySecurity("owner", Map.of("all", EnumSet.allOf(KeyRight.class))));
    }

    private static byte[] change() {
        var created = new KeyChange(7);
        created.parent = Node.ROOT;
        created.name = "größe";
        created.attributes = attributes();
        created.written = 123;
        created.values.put("text", Optional.of(RegistryValue.string("text", "日本")));
        created.values.put("gone", Optional.empty());
        var root = new KeyChange(Node.ROOT);
        root.children.put("größe", Optional.of(new Child("größe", 7)));
        root.children.put("old", Optional.empty());
        return bytes(Encoding.encode(List.of(root, created)).orElseThrow());
    }

    private static byte[] bytes(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    @Test
    void aChangeIsReadOrRefused() throws Exception {
        assertThat(Encoding.decode(List.of(ByteBuffer.wrap(change())))).hasSize(2);

        Mutations.feed(
                bytes -> {
                    try {
                        Encoding.decode(List.of(ByteBuffer.wrap(bytes)));
                    } catch (RegistryException e) {
                        assertThat(e.error()).isEqualTo(RegistryError.HIVE_CORRUPT);
                    }
                },
                30_000,
                List.of(change()));
    }

    /** A checkpoint as bytes: its header, and the one frame behind that. */
    private static byte[] checkpoint() throws IOException {
        var values = Entries.ofSorted(List.of(RegistryValue.dword("a", 1), RegistryValue.string("b", "日本")));
        var root =
                new Node(Node.ROOT, 0, "", Attributes.NONE, 0, Entries.ofSorted(List.of(new Child("key", 2))), values);
        var key = new Node(2, Node.ROOT, "key", attributes(), 5, Entries.empty(), values);
        var tree = new Tree(IdTrie.EMPTY.with(Node.ROOT, root).with(2, key), IdTrie.EMPTY);
        var disk = new SimulatedDevice();
        try (var file = disk.create(FILE, 0)) {
            new CheckpointWriter(file).write(new HiveFiles.Checkpoint(new UUID(1, 2), 1, 0, tree, 3, true));
            var all = ByteBuffer.allocate((int) file.size());
            file.read(0, all);
            return all.array();
        }
    }

    /** In memory: what is read is these bytes. */
    private static final class Bytes implements DeviceFile {
        private final byte[] bytes;

        Bytes(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public String name() {
            return FILE;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            if (position + target.remaining() > bytes.length) {
                throw new EOFException("expected more than " + bytes.length + " bytes");
            }
            target.put(bytes, (int) position, target.remaining());
        }

        @Override
        public void writeThrough(long position, ByteBuffer source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void force() {}

        @Override
        public void close() {}
    }

    /** Puts the lengths and the checksums right, for what has got behind the header. */
    private static byte[] sealed(byte[] header, byte[] records) {
        int body = records.length == 0 ? 0 : CheckpointFormat.FRAME_HEADER_BYTES + records.length;
        var file = ByteBuffer.allocate(CheckpointFormat.HEADER_BYTES + body);
        file.put(header, 0, CheckpointFormat.HEADER_BYTES);
        if (records.length > 0) {
            file.putInt(records.length)
                    .putInt(CheckpointFormat.checksum(records, records.length))
                    .put(records);
        }
        file.putLong(CheckpointFormat.BODY_OFFSET, body);
        file.putInt(CheckpointFormat.CRC_OFFSET, CheckpointFormat.checksum(file));
        return file.array();
    }

    private static void read(byte[] file) throws IOException {
        try {
            new CheckpointReader(new Bytes(file)).read();
        } catch (RegistryException e) {
            assertThat(e.error()).isEqualTo(RegistryError.HIVE_CORRUPT);
        }
    }

    @Test
    void theRecordsOfACheckpointAreReadOrRefused() throws Exception {
        var whole = checkpoint();
        int length = ByteBuffer.wrap(whole).getInt(CheckpointFormat.HEADER_BYTES);
        int from = CheckpointFormat.HEADER_BYTES + CheckpointFormat.FRAME_HEADER_BYTES;
        var records = Arrays.copyOfRange(whole, from, from + length);
        assertThat(new CheckpointReader(new Bytes(sealed(whole, records)))
                        .read()
                        .tree()
                        .get(Node.ROOT))
                .isNotNull();

        Mutations.feed(bytes -> read(sealed(whole, bytes)), 1_500, List.of(records));
    }

    @Test
    void theHeaderOfACheckpointIsReadOrRefused() throws Exception {
        var whole = checkpoint();
        var header = Arrays.copyOf(whole, CheckpointFormat.UNLOADED_OFFSET + Integer.BYTES);

        Mutations.feed(
                bytes -> {
                    var file = ByteBuffer.wrap(whole.clone());
                    file.put(bytes, 0, Math.min(bytes.length, header.length));
                    file.putInt(CheckpointFormat.CRC_OFFSET, CheckpointFormat.checksum(file));
                    read(file.array());
                },
                1_500,
                List.of(header));
    }

    @Test
    void aRegFileIsReadOrRefused() throws Exception {
        try (var site = new Site()) {
            var key = site.root().createKey("data");
            key.setValue(RegistryValue.dword("n", 1));
            key.setValue(RegistryValue.string("t\\\"x", "größe\r\n日本"));
            key.createKey("below").setValue(RegistryValue.binary("b", new byte[60]));
            Mutations.feed(
                    bytes -> {
                        try {
                            RegParser.parse(bytes);
                        } catch (RegistryException e) {
                            assertThat(e.error()).isEqualTo(RegistryError.NOT_REGISTRY_FILE);
                            assertThat(e).hasMessageContaining("line ");
                        }
                    },
                    10_000,
                    List.of(
                            exported(key, RegFormat.VERSION_5),
                            exported(key, RegFormat.VERSION_5_UTF8),
                            "REGEDIT4\r\n\r\n[a]\r\n\"b\"=hex(7):61,00,\\\r\n  00\r\n"
                                    .getBytes(StandardCharsets.US_ASCII)));
        }
    }

    private static byte[] exported(RegistryKey key, RegFormat format) throws Exception {
        var out = new ByteArrayOutputStream();
        key.exportFile(out, format, "data");
        return out.toByteArray();
    }
}
