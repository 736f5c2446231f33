package dev.ktm.operator;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where tools come in. Whoever waits there is taken. If the machine has no file descriptor for him he waits on, and the selector would
 * return at once, again and again: so it is not asked for him until somebody could be taken, or nobody waits any more. Of one thread.
 */
final class Entrance implements Closeable {

    /** Takes one of those who wait. */
    interface Door {
        /** Null if nobody waits. */
        @Nullable
        SocketChannel accept() throws IOException;
    }

    private final SelectionKey key;
    private final Door door;
    private boolean isShut;

    Entrance(SelectionKey key, Door door) {
        this.key = key;
        this.door = door;
    }

    /** Of a socket that is bound; the selector is to return when somebody waits there. */
    static Entrance open(ServerSocketChannel channel, Selector selector) throws IOException {
        channel.configureBlocking(false);
        return new Entrance(channel.register(selector, SelectionKey.OP_ACCEPT), channel::accept);
    }

    /** Whether somebody may wait whom the selector does not return for: it is to be tried again in a moment. */
    boolean isShut() {
        return isShut;
    }

    /**
     * Takes all who wait, if that is possible now.
     *
     * @throws ClosedChannelException if nobody can come in here any more
     */
    void takeAll(Consumer<SocketChannel> taker) throws ClosedChannelException {
        try {
            for (var peer = door.accept(); peer != null; peer = door.accept()) {
                taker.accept(peer);
            }
            isShut = false;
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            isShut = true;
            System.getLogger(Entrance.class.getName()).log(System.Logger.Level.DEBUG, "a tool could not be let in", e);
        }
        key.interestOps(isShut ? 0 : SelectionKey.OP_ACCEPT);
    }

    @Override
    public void close() throws IOException {
        key.channel().close();
    }
}
