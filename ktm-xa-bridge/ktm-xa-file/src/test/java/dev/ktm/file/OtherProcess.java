package dev.ktm.file;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A program that has little memory, changes files that are larger, and then keeps the root, which it fails to open twice, until it hears the end of its input. */
final class OtherProcess {

    static final int PIECE_BYTES = 1 << 20;

    private OtherProcess() {}

    /** Its directory, and how many pieces a file has. */
    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        int pieces = Integer.parseInt(arguments[1]);
        try (var ktm = Ktm.open(KtmOptions.builder()
                        .logDirectory(directory.resolve("log"))
                        .build());
                var files = TransactedFiles.open(ktm, "large", directory.resolve("root"))) {
            var large = files.fileSystem().getPath("/large");
            ktm.transactionManager().begin();
            try (var channel = FileChannel.open(large, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (int i = 0; i < pieces; i++) {
                    channel.write(piece(i));
                }
            }
            Files.copy(large, large.resolveSibling("copy"));
            ktm.transactionManager().commit();
            // A file that is there already is copied before it is changed.
            ktm.transactionManager().begin();
            try (var channel = FileChannel.open(large, StandardOpenOption.WRITE)) {
                channel.write(piece(pieces), 0);
            }
            ktm.transactionManager().commit();
            openAgain(ktm, directory);
            System.out.println("done");
            while (System.in.read() >= 0) {}
        }
    }

    static ByteBuffer piece(int number) {
        var piece = ByteBuffer.allocate(PIECE_BYTES);
        piece.putInt(0, number);
        return piece;
    }

    private static void openAgain(Ktm ktm, Path directory) throws IOException {
        try {
            TransactedFiles.open(ktm, "again", directory.resolve("root")).close();
            throw new AssertionError("expected a root that is open already");
        } catch (TxfException e) {
            if (e.error() != TxfError.RM_ALREADY_STARTED) {
                throw e;
            }
        }
    }
}
