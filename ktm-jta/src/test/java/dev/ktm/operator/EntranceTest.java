package dev.ktm.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tools that come in, and a machine without file descriptors for them. */
class EntranceTest {

    @TempDir
    private Path directory;

    private Selector selector;
    private ServerSocketChannel server;
    private UnixDomainSocketAddress address;
    private final List<SocketChannel> taken = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        selector = Selector.open();
        address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(address);
        server.configureBlocking(false);
    }

    @AfterEach
    void close() throws IOException {
        for (var each : taken) {
            each.close();
        }
        server.close();
        selector.close();
    }

    private int ready() throws IOException {
        int count = selector.selectNow();
        selector.selectedKeys().clear();
        return count;
    }

    @Test
    void whoCannotBeLetInIsNotAskedForAgainAndAgain() throws Exception {
        var entrance = new Entrance(server.register(selector, SelectionKey.OP_ACCEPT), () -> {
            throw new SocketException("planted: too many open files");
        });
        try (var tool = SocketChannel.open(address)) {
            assertThat(ready()).isEqualTo(1);

            entrance.takeAll(taken::add);

            assertThat(taken).isEmpty();
            assertThat(entrance.isShut()).isTrue();
            assertThat(ready()).isZero();
            assertThat(tool.isConnected()).isTrue();
        }
    }

    @Test
    void whoCouldNotBeLetInIsTakenWhenThatIsPossibleAndSoAreThoseWhoComeLater() throws Exception {
        var faults = new ArrayList<>(List.of(new SocketException("planted: too many open files")));
        var entrance = new Entrance(server.register(selector, SelectionKey.OP_ACCEPT), () -> {
            if (!faults.isEmpty()) {
                throw faults.remove(0);
            }
            return server.accept();
        });
        try (var early = SocketChannel.open(address)) {
            entrance.takeAll(taken::add);

            entrance.takeAll(taken::add);

            assertThat(early.isConnected()).isTrue();
            assertThat(taken).hasSize(1);
            assertThat(entrance.isShut()).isFalse();
            assertThat(ready()).isZero();
            try (var late = SocketChannel.open(address)) {
                assertThat(late.isConnected()).isTrue();
                assertThat(ready()).isEqualTo(1);
            }
        }
    }

    @Test
    void nobodyComesInWhenItIsClosed() throws Exception {
        var entrance = Entrance.open(server, selector);

        entrance.close();

        assertThatThrownBy(() -> entrance.takeAll(taken::add)).isInstanceOf(ClosedChannelException.class);
        assertThat(server.isOpen()).isFalse();
    }
}
