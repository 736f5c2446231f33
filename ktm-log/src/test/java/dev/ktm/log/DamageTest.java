package dev.ktm.log;

import static dev.ktm.log.LogFixture.data;
import static dev.ktm.log.LogFixture.dedicated;
import static dev.ktm.log.LogFixture.reopen;
import static dev.ktm.log.LogFixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.SimulatedDevice;
import org.junit.jupiter.api.Test;

class DamageTest {

    private final SimulatedDevice device = new SimulatedDevice();

    /** Each byte of what matters, a bit of it at a time; which bit, follows from the place. */
    @Test
    @Conforms("CLFS-37")
    void everyByteOfARecordsBlockIsGuarded() throws Exception {
        long first;
        String container;
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            first = stream.appendForced(data("first"));
            stream.appendForced(data("second"));
            container = log.containers().get(0);
        }
        long block = Lsn.frameAddress(first) % (512 * 1024);

        for (int offset = 0; offset < 4096; offset += offset < 200 ? 1 : 61) {
            var damaged = device.copy();
            damaged.raw().flipBit(container, (block + offset) * Byte.SIZE + offset % Byte.SIZE);
            assertThatThrownBy(() -> reopen(damaged, LogKind.DEDICATED))
                    .as("byte " + offset)
                    .isInstanceOf(LogCorruptException.class);
        }
    }

    @Test
    @Conforms("CLFS-37")
    void everyByteOfTheLastBlockIsGuardedOnceTheLogWasClosed() throws Exception {
        long only;
        String container;
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            only = stream.appendForced(data("only"));
            container = log.containers().get(0);
        }
        long block = Lsn.frameAddress(only) % (512 * 1024);

        for (int offset = 0; offset < 4096; offset += offset < 200 ? 1 : 61) {
            var damaged = device.copy();
            damaged.raw().flipBit(container, (block + offset) * Byte.SIZE + offset % Byte.SIZE);
            assertThatThrownBy(() -> reopen(damaged, LogKind.DEDICATED))
                    .as("byte " + offset)
                    .isInstanceOf(LogCorruptException.class);
        }
    }

    @Test
    @Conforms("CLFS-37")
    void oneDamagedCopyOfTheBaseLogFileIsSurvivedAndMended() throws Exception {
        try (var log = dedicated(device, 2);
                var stream = log.stream()) {
            stream.append(data("a"));
        }
        long copyBytes = device.raw().size("ktm.blf") / 2;

        for (long offset = 0; offset < 2 * copyBytes; offset += offset % copyBytes < 120 ? 17 : 60_013) {
            var damaged = device.copy();
            damaged.raw().flipBit("ktm.blf", offset * Byte.SIZE + offset % Byte.SIZE);
            try (var log = reopen(damaged, LogKind.DEDICATED)) {
                assertThat(texts(log.stream())).containsExactly("a");
            }
            damaged.raw().flipBit("ktm.blf", (offset < copyBytes ? copyBytes : 0) * Byte.SIZE);
            reopen(damaged, LogKind.DEDICATED).close();
        }
    }

    @Test
    @Conforms("CLFS-37")
    void damageOfBothCopiesOfTheBaseLogFileIsDetected() throws Exception {
        dedicated(device, 2).close();
        long copyBytes = device.raw().size("ktm.blf") / 2;

        device.raw().flipBit("ktm.blf", 100 * Byte.SIZE);
        device.raw().flipBit("ktm.blf", (copyBytes + 3000) * Byte.SIZE);

        assertThatThrownBy(() -> reopen(device, LogKind.DEDICATED))
                .isInstanceOfSatisfying(LogCorruptException.class, damage -> {
                    assertThat(damage.file()).isEqualTo("ktm.blf");
                    assertThat(damage.error()).isEqualTo(LogError.METADATA_CORRUPT);
                });
    }

    @Test
    void damageInTheLastFrameOfAContainerIsNamedWhereItIsAndNotSteppedOver() throws Exception {
        var device = new dev.ktm.log.testing.SimulatedDevice();
        try (var log = LogFixture.multiplexed(device, 3);
                var stream = log.stream("s")) {
            long containerBytes = log.stats().containerBytes();
            long last = Lsn.NULL;
            for (long lsn = stream.appendForced(LogFixture.large());
                    lsn < 2 * containerBytes;
                    lsn = stream.appendForced(LogFixture.large())) {
                last = lsn;
            }
            var name = log.containers().get(0);
            long offset = Lsn.frameAddress(last) % containerBytes;
            device.raw().flipBit(name, (offset + 200) * Byte.SIZE);
            var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);

            var first = catchThrowableOfType(LogCorruptException.class, () -> LogFixture.lsns(reader));
            var again = catchThrowableOfType(LogCorruptException.class, () -> LogFixture.lsns(reader));

            assertThat(first.file()).isEqualTo(name);
            assertThat(first.offset()).isEqualTo(offset);
            assertThat(again.offset()).isEqualTo(offset);
        }
    }
}
