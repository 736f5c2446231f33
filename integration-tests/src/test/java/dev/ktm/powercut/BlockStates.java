package dev.ktm.powercut;

import dev.ktm.powercut.WriteLog.Entry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The states that a disk may be in when the power is cut, made from what was written to it: everything before the last flush is
 * there, and of what was written since, all of it up to somewhere, or any part of it in any order, the last written sector by
 * sector.
 */
final class BlockStates {

    private static final int SECTOR_BYTES = 512;

    private final WriteLog log;
    private final Path current;
    private final Path copy;
    private int applied;

    /**
     * @param log what was written
     * @param base the disk before the first write; it is changed
     * @param copy where states are made
     */
    BlockStates(WriteLog log, Path base, Path copy) {
        this.log = log;
        this.current = base;
        this.copy = copy;
    }

    /**
     * One state.
     *
     * @param end how many entries of the log there were when the power was cut
     * @param kept how much of each write since the last flush is there, in bytes
     */
    record State(int end, List<Integer> kept) {}

    /** So many states in which the disk has done everything in its order, and as many in which it has not. */
    List<State> choose(int each, Random random) {
        var ends = IntStream.rangeClosed(1, log.entries().size())
                .filter(end -> !log.entries().get(end - 1).mark().startsWith(Committer.BEGUN))
                .boxed()
                .collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(ends, random);
        var states = new ArrayList<State>();
        for (int end : ends.subList(0, Math.min(each, ends.size()))) {
            states.add(new State(
                    end, since(end).map(entry -> entry.bytes().limit()).toList()));
        }
        // Where something is not flushed there is something to lose.
        ends.removeIf(end -> since(end).noneMatch(Entry::isWrite));
        for (int i = 0; i < each && !ends.isEmpty(); i++) {
            int end = ends.get(random.nextInt(ends.size()));
            states.add(
                    new State(end, since(end).map(entry -> kept(entry, random)).toList()));
        }
        states.sort(Comparator.comparing(State::end));
        return states;
    }

    private Stream<Entry> since(int end) {
        return log.entries().subList(log.flushBefore(end) + 1, end).stream();
    }

    private static int kept(Entry entry, Random random) {
        int length = entry.bytes().limit();
        return switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> random.nextInt(length / SECTOR_BYTES + 1) * SECTOR_BYTES;
            default -> length;
        };
    }

    /** Makes this one, which must not be before the last one that was made. */
    Path make(State state) throws IOException, InterruptedException {
        int flushed = log.flushBefore(state.end()) + 1;
        try (var image = FileChannel.open(current, StandardOpenOption.WRITE)) {
            for (; applied < flushed; applied++) {
                apply(image, log.entries().get(applied), Integer.MAX_VALUE);
            }
        }
        Files.deleteIfExists(copy);
        Shell.run("cp", "--sparse=always", current, copy);
        try (var image = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            for (int i = flushed; i < state.end(); i++) {
                apply(image, log.entries().get(i), state.kept().get(i - flushed));
            }
        }
        return copy;
    }

    private static void apply(FileChannel image, Entry entry, int bytes) throws IOException {
        if (entry.isWrite()) {
            entry.writeTo(image, bytes);
        }
    }
}
