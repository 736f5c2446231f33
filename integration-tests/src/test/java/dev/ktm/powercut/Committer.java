package dev.ktm.powercut;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Commits transactions, each lane on a thread of its own, and marks when it begins one and when it was told that one is
 * committed. Arguments: where the file system is mounted, where marks are written to, how many lanes, how many transactions in
 * each, and whether files are transacted or plain.
 */
final class Committer {

    /** What a mark begins with: a transaction is begun. */
    static final String BEGUN = "begun";

    /** And here it was acknowledged. */
    static final String COMMITTED = "committed";

    static final String PLAIN = "plain";
    static final String TRANSACTED = "transacted";

    private final Site site;
    private final FileChannel marks;
    private final boolean plain;

    private Committer(Site site, FileChannel marks, boolean plain) {
        this.site = site;
        this.marks = marks;
        this.plain = plain;
    }

    /** Runs it; a lane whose disk is gone ends. */
    public static void main(String[] arguments) throws Exception {
        var marks = FileChannel.open(Path.of(arguments[1]), StandardOpenOption.WRITE);
        var committer = new Committer(Site.open(Path.of(arguments[0])), marks, arguments[4].equals(PLAIN));
        int transactions = Integer.parseInt(arguments[3]);
        var threads = new Thread[Integer.parseInt(arguments[2])];
        for (int i = 0; i < threads.length; i++) {
            var lane = new Lane(i);
            threads[i] = new Thread(() -> committer.run(lane, transactions));
            threads[i].start();
        }
        for (var thread : threads) {
            thread.join();
        }
        Runtime.getRuntime().halt(0);
    }

    private void run(Lane lane, int transactions) {
        try {
            for (int number = lane.count(site.registry) + 1; number <= transactions; number++) {
                mark(BEGUN, lane, number);
                var user = site.ktm.userTransaction();
                user.begin();
                lane.work(
                        number,
                        plain ? site.files.plainFileSystem() : site.files.fileSystem(),
                        site.registry.transactedRoot());
                user.commit();
                mark(COMMITTED, lane, number);
            }
        } catch (Exception e) {
            // The disk is gone, or this shows in what is missing afterwards.
            System.out.println(lane + ": " + e);
        }
    }

    private void mark(String what, Lane lane, int transaction) throws IOException {
        // In one write, so that it is one mark.
        marks.write(ByteBuffer.wrap((what + " " + lane.number() + " " + transaction + "\n").getBytes(UTF_8)));
    }
}
