package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Mutations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Redo of files that somebody has changed, checksum and all. */
@Tag("slow")
class StepMutationsTest {

    private static byte[] bytes(List<Step> steps) throws IOException {
        return StepFormat.encode(steps).array();
    }

    @Test
    void theStepsOfATransactionAreReadOrRefused() throws Exception {
        var file = new Seen(Disk.Kind.FILE, "key", 5, 123_456_789, "");
        var link = Seen.link("größe");
        Map<String, Object> attributes = Map.of(
                "lastModifiedTime",
                FileTime.fromMillis(5),
                "posix:permissions",
                EnumSet.of(PosixFilePermission.OWNER_READ),
                "user:note",
                new byte[] {1, 2},
                "hidden",
                true);

        Mutations.feed(
                bytes -> {
                    try {
                        StepFormat.decode(List.of(ByteBuffer.wrap(bytes)));
                    } catch (TxfException e) {
                        assertThat(e).hasMessageContaining("expected");
                    } catch (IllegalArgumentException e) {
                        // Of the JDK's own parser of permissions.
                        assertThat(e).hasMessageContaining("mode");
                    }
                },
                30_000,
                List.of(
                        bytes(List.of(
                                new Step.Put(
                                        "a/b", Optional.of(file), ".w/1", file, Optional.of(new byte[9]), attributes),
                                new Step.Delete("c", link))),
                        bytes(List.of(
                                new Step.Overwrite("a", file, ".w/2", attributes),
                                new Step.MakeDirectory("d", Map.of()),
                                new Step.MakeLink("l", Optional.empty(), "größe"),
                                new Step.SetAttributes("a", file, attributes))),
                        bytes(List.of(
                                new Step.Move("a", "b", file, Optional.empty()),
                                new Step.AddName("b", "c", file, Optional.of(link))))));
    }

    @Test
    void whatFollowsTheLastStepIsNotPassedOver() throws Exception {
        var steps = bytes(List.of(new Step.Delete("c", Seen.link("größe"))));
        var longer = Arrays.copyOf(steps, steps.length + 1);
        assertThatThrownBy(() -> StepFormat.decode(List.of(ByteBuffer.wrap(longer))))
                .isInstanceOf(TxfException.class)
                .hasMessageContaining("1 bytes follow its last step");

        steps[0] = -1;
        assertThatThrownBy(() -> StepFormat.decode(List.of(ByteBuffer.wrap(steps))))
                .isInstanceOf(TxfException.class)
                .hasMessageContaining("expected the redo of a transaction");
    }
}
