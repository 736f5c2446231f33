package dev.ktm.operator;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Removes sockets that nobody listens to any more: those of processes that were killed. */
final class DeadChannels {

    /** What is younger may be about to be renamed, or to be replaced. */
    private static final Duration YOUNG = Duration.ofSeconds(10);

    private final Path directory;

    DeadChannels(Path directory) {
        this.directory = directory;
    }

    void remove() {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (var found = Files.newDirectoryStream(directory, "*.{sock,new}")) {
            for (var each : found) {
                removeIfDead(each);
            }
        } catch (IOException | RuntimeException e) {
            System.getLogger(DeadChannels.class.getName())
                    .log(System.Logger.Level.DEBUG, "the channels in " + directory + " cannot be looked at", e);
        }
    }

    private static void removeIfDead(Path path) throws IOException {
        if (isOld(path) && isDead(path)) {
            Files.deleteIfExists(path);
        }
    }

    private static boolean isOld(Path path) throws IOException {
        var changed = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
        return changed.isBefore(Instant.now().minus(YOUNG));
    }

    /** Whether nobody listens; only then is a connection refused. */
    static boolean isDead(Path path) {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Not waiting: one that is busy is not dead.
            channel.configureBlocking(false);
            channel.connect(UnixDomainSocketAddress.of(path));
            return false;
        } catch (ConnectException e) {
            return true;
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }
}
