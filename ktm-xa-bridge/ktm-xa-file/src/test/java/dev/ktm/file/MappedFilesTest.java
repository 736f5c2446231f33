package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.log.testing.Conforms;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mappings that live longer than what they were made for: nobody can see when one ends. */
class MappedFilesTest {

    @TempDir
    Path directory;

    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(directory);
        Files.writeString(fixture.plain("/a"), "old");
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private MappedByteBuffer map() throws IOException {
        try (var channel = FileChannel.open(fixture.path("/a"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, 3);
        }
    }

    @Test
    @Conforms("TXF-OP-24")
    void whatIsWrittenByAMappingAfterTheCommitChangesNothing() throws Exception {
        fixture.begin();
        var mapped = map();
        mapped.put(0, (byte) 'X');
        fixture.commit();
        mapped.put(1, (byte) 'Y');

        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("Xld");
        assertThat(fixture.working()).isZero();
    }

    @Test
    void whatIsWrittenByAMappingAfterTheRollbackChangesNothing() throws Exception {
        fixture.begin();
        var mapped = map();
        fixture.rollback();
        mapped.put(1, (byte) 'Y');

        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("old");
        assertThat(fixture.working()).isZero();
    }

    @Test
    void whatIsWrittenByAMappingAfterASavepointIsUndoneWithIt() throws Exception {
        fixture.begin();
        var mapped = map();
        mapped.put(0, (byte) 'X');
        var savepoint = fixture.files.setSavepoint();
        mapped.put(1, (byte) 'Y');
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("XYd");
        savepoint.rollback();
        mapped.put(2, (byte) 'Z');
        assertThat(Files.readString(fixture.path("/a"))).isEqualTo("Xld");
        fixture.commit();

        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("Xld");
        assertThat(fixture.working()).isZero();
    }

    @Test
    @Conforms("TXF-SV-06")
    void aMiniversionStaysAsItIsWhenAMappingIsWrittenTo() throws Exception {
        fixture.begin();
        MappedByteBuffer mapped;
        Version before;
        try (var channel = FileChannel.open(fixture.path("/a"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 3);
            before = fixture.files.createMiniversion(channel);
        }
        mapped.put(0, (byte) 'X');
        try (var miniversion = FileChannel.open(fixture.path("/a"), StandardOpenOption.READ, before)) {
            var bytes = ByteBuffer.allocate(3);
            miniversion.read(bytes);
            assertThat(bytes.array()).containsExactly('o', 'l', 'd');
        }
        fixture.commit();

        assertThat(Files.readString(fixture.plain("/a"))).isEqualTo("Xld");
    }
}
