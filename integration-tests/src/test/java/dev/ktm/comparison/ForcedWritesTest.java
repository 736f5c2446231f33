package dev.ktm.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What waits for the disk is counted, and nothing else. */
class ForcedWritesTest {

    private static final String TRACE = """
            101  openat(AT_FDCWD</>, "/log/a", O_WRONLY|O_DSYNC|O_DIRECT) = 7</log/a>
            101  openat(AT_FDCWD</>, "/log/b", O_RDWR|O_CREAT, 0666) = 8</log/b>
            102  openat(AT_FDCWD</>, "/log/c", O_RDWR|O_SYNC) = -1 ENOENT (No such file or directory)
            102  pwrite64(7</log/a>, "x = 1 "..., 4096, 0) = 4096
            103  pwrite64(7</log/renamed>, "x"..., 4096, 4096 <unfinished ...>
            103  <... pwrite64 resumed>) = 4096
            103  pwrite64(8</log/b>, "x"..., 4096, 0) = 4096
            103  write(1</dev/null>, "x"..., 1) = 1
            103  fdatasync(8</log/b>) = 0
            104  fsync(8</log/b> <unfinished ...>
            104  <... fsync resumed>) = 0
            104  msync(0x7f0000000000, 4096, MS_SYNC) = 0
            104  msync(0x7f0000000000, 4096, MS_ASYNC) = 0
            104  close(7</log/renamed>) = 0
            104  openat(AT_FDCWD</>, "/log/d", O_RDWR) = 7</log/d>
            104  write(7</log/d>, "x"..., 1) = 1
            105  openat(AT_FDCWD</>, "/log/e", O_WRONLY|O_SYNC <unfinished ...>
            106  write(9</log/f>, "x"..., 1) = 1
            105  <... openat resumed>) = 9</log/e>
            106  write(9</log/e>, "x"..., 1) = 1
            """;

    @Test
    void synchronousWritesAndForcesAreCounted() {
        assertThat(ForcedWrites.countIn(TRACE.lines())).isEqualTo(6);
    }
}
