package dev.ktm.servers;

import dev.ktm.KtmOptions;
import dev.ktm.log.storage.DeviceFile;
import dev.ktm.log.storage.FileDevice;
import dev.ktm.log.testing.PlantedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A process that makes one transaction over two resource managers, and halts at one of its steps. */
final class MortalCoordinator {

    /** Derby keeps what has ended and not prepared for so long after its coordinator has died. */
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private MortalCoordinator() {}

    /**
     * Arguments: log directory; kind, port and place of each resource manager; the key to write; the step to halt at, if there
     * is one of this name; the file that the names of the steps are written to if it does not halt; the way to
     * use both.
     */
    public static void main(String[] arguments) throws Exception {
        var halts = new Halts(arguments[8]);
        var device = new PlantedDevice(FileDevice.openOrCreate(Path.of(arguments[0])), announced(halts));
        var coordinator = Coordinator.open(
                KtmOptions.builder().device(device).defaultTimeout(TIMEOUT),
                Way.valueOf(arguments[10]),
                client(arguments, 1),
                client(arguments, 4));
        try {
            var work = coordinator.work();
            halts.begin();
            work.begin(arguments[7], halts);
            coordinator.ktm().transactionManager().commit();
            halts.reached("transaction after commit");
            work.close();
        } finally {
            coordinator.close();
        }
        halts.reached("coordinator after close");
        Files.write(Path.of(arguments[9]), halts.passed(), StandardCharsets.UTF_8);
        // Drivers may have left threads behind that would keep it alive.
        Runtime.getRuntime().halt(0);
    }

    /** The log says when it is about to write, and when it has. */
    private static PlantedDevice.Bug announced(Halts halts) {
        return new PlantedDevice.Bug() {
            @Override
            public void write(DeviceFile file, long position, ByteBuffer source) throws IOException {
                halts.reached("log before write");
                file.writeThrough(position, source);
                halts.reached("log after write");
            }
        };
    }

    private static Client client(String[] arguments, int from) {
        return Kind.valueOf(arguments[from])
                .product()
                .client(Integer.parseInt(arguments[from + 1]), arguments[from + 2]);
    }
}
