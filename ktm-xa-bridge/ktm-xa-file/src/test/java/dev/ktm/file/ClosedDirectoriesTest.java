package dev.ktm.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is closed again once it was opened for a while, and what is not. */
class ClosedDirectoriesTest {

    private static final int OWNER_READS = 0b100_000_000;
    private static final int OPEN = 0700;

    private final SimulatedTree tree = new SimulatedTree(count -> {});
    private final ClosedDirectories closed = new ClosedDirectories(new ForwardingDisk(tree) {
        @Override
        public boolean isReadable(String directory) {
            return (mode(directory) & OWNER_READS) != 0;
        }
    });

    @BeforeEach
    void open() throws IOException {
        tree.createDirectory("d");
        tree.createDirectory("d/e");
        tree.setAttribute("d/e", "unix:mode", 0);
        closed.reach("d/e");
        assertThat(mode("d/e")).isEqualTo(OPEN);
    }

    private int mode(String name) {
        return tree.stat(name).orElseThrow().owned().orElseThrow().mode();
    }

    @Test
    void whatWasOpenedIsClosed() throws IOException {
        closed.closeAll();

        assertThat(mode("d/e")).isZero();
    }

    @Test
    void whatGetsOtherRightsMeanwhileKeepsThem() throws IOException {
        tree.setAttribute("d/e", "unix:mode", 0755);
        closed.closeAll();

        assertThat(mode("d/e")).isEqualTo(0755);
    }

    @Test
    void aFileOfThatNameIsNotClosed() throws IOException {
        tree.delete("d/e");
        tree.open("d/e", Set.of(StandardOpenOption.CREATE_NEW)).close();
        tree.setAttribute("d/e", "unix:mode", OPEN);
        closed.closeAll();

        assertThat(mode("d/e")).isEqualTo(OPEN);
    }

    @Test
    void whatIsMovedIsClosedWhereItIs() throws IOException {
        tree.rename("d", "elsewhere");
        closed.moved("d", "elsewhere");
        closed.closeAll();

        assertThat(mode("elsewhere/e")).isZero();
    }

    @Test
    void whatHasTheNameOfOneThatWasMovedIsNotClosed() throws IOException {
        tree.rename("d/e", "elsewhere");
        closed.moved("d/e", "elsewhere");
        tree.createDirectory("d/e");
        tree.setAttribute("d/e", "unix:mode", OPEN);
        closed.closeAll();

        assertThat(mode("d/e")).isEqualTo(OPEN);
        assertThat(mode("elsewhere")).isZero();
    }
}
