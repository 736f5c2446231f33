package dev.ktm.log;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.storage.LogDevice;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a log that cannot be looked at as a whole. */
class ExaminationTest {

    private static final String CONTAINER = "ktm-2.log";

    @TempDir
    private Path directory;

    /** A device on which one file is somebody else's. */
    private record ForbiddingDevice(LogDevice device, String forbidden) implements LogDevice {

        @Override
        public String location() {
            return device.location();
        }

        @Override
        public Ownership acquire(String lockName) throws IOException {
            return device.acquire(lockName);
        }

        @Override
        public List<String> list() throws IOException {
            return device.list();
        }

        @Override
        public DeviceFile create(String name, long sizeBytes) throws IOException {
            return device.create(name, sizeBytes);
        }

        @Override
        public DeviceFile open(String name, Access access) throws IOException {
            if (name.equals(forbidden)) {
                throw new AccessDeniedException(name);
            }
            return device.open(name, access);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            device.rename(from, to);
        }

        @Override
        public void delete(String name) throws IOException {
            device.delete(name);
        }

        @Override
        public void forceDirectory() throws IOException {
            device.forceDirectory();
        }

        @Override
        public void close() throws IOException {
            device.close();
        }
    }

    @Test
    void aContainerThatMayNotBeReadIsNotTakenForDamage() throws IOException {
        try (var log = Log.open(directory, LogOptions.builder().containers(0).build())) {
            log.addContainers(2, 1);
        }

        try (var device = new ForbiddingDevice(FileDevice.openToLook(directory), CONTAINER)) {
            assertThatThrownBy(() -> LogInspection.examine(device, frame -> {}))
                    .isInstanceOf(AccessDeniedException.class)
                    .hasMessage(CONTAINER);
        }
    }
}
