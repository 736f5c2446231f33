package dev.ktm.log.testing;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Feeds a parser what its writer has written, changed at random: cut off, with other bits, bytes and numbers, with noise or a part of
 * itself put in, and plain noise. An input that fails is told by its seed: {@code -Dktm.mutation.seed} starts with it, {@code
 * -Dktm.mutation.inputs} says how many there are.
 */
public final class Mutations {

    /** What a parser may allocate for each byte that it reads, whatever that says, and beside that. */
    private static final int MOST_BYTES_FOR_EACH = 400;

    private static final int MOST_BYTES_BESIDE = 1 << 18;
    /** A campaign is so many times as long. */
    private static final int LONGER = 200;

    private static final long[] NUMBERS = {
        0, 1, -1, 0x7f, 0xff, 0x7fff, 0xffff, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE
    };

    /** Something that reads bytes, or refuses them as it should. */
    public interface Parser {
        /** Reads or refuses, and returns in either case; anything that it throws is a failure. */
        void parse(byte[] bytes) throws Exception;
    }

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Mutations() {}

    /**
     * Has a parser read so many inputs, in a campaign many more.
     *
     * @throws AssertionError if it throws anything, or allocates more than its input accounts for
     */
    public static void feed(Parser parser, long inputs, List<byte[]> written) {
        long first = Long.getLong("ktm.mutation.seed", 1);
        long count = Long.getLong("ktm.mutation.inputs", Boolean.getBoolean("ktm.campaign") ? inputs * LONGER : inputs);
        for (long seed = first; seed < first + count; seed++) {
            var bytes = changed(written.get((int) (seed % written.size())), new SplittableRandom(seed));
            long most = (long) MOST_BYTES_FOR_EACH * bytes.length + MOST_BYTES_BESIDE;
            long allocated = allocated(parser, bytes, seed);
            if (allocated > most) {
                // What is loaded and linked at the first time is not the input's doing.
                allocated = allocated(parser, bytes, seed);
            }
            if (allocated > most) {
                throw new AssertionError("expected input " + seed + " of " + bytes.length
                        + " bytes to be read or refused with at most " + most + " bytes of memory, found " + allocated);
            }
        }
    }

    private static long allocated(Parser parser, byte[] bytes, long seed) {
        var input = bytes.clone();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            parser.parse(input);
        } catch (Exception | Error e) {
            throw new AssertionError("expected input " + seed + " to be read or refused, found " + e, e);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private static byte[] changed(byte[] written, SplittableRandom random) {
        var bytes = written.clone();
        for (int changes = random.nextInt(1, 4); changes > 0 && bytes.length > 0; changes--) {
            bytes = changedOnce(bytes, random);
        }
        return bytes;
    }

    private static byte[] changedOnce(byte[] bytes, SplittableRandom random) {
        int at = random.nextInt(bytes.length);
        switch (random.nextInt(8)) {
            case 0 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            case 2 -> bytes[at] = (byte) random.nextInt();
            case 3 ->
                putNumber(
                        bytes,
                        at,
                        NUMBERS[random.nextInt(NUMBERS.length)],
                        1 << random.nextInt(4),
                        random.nextBoolean());
            case 4 -> {
                var noise = new byte[random.nextInt(1, 40)];
                random.nextBytes(noise);
                return spliced(bytes, at, noise);
            }
            case 5 -> {
                return spliced(bytes, at, Arrays.copyOfRange(bytes, at, random.nextInt(at, bytes.length) + 1));
            }
            case 6 -> {
                int end = random.nextInt(at, bytes.length);
                var rest = Arrays.copyOfRange(bytes, end, bytes.length);
                return spliced(Arrays.copyOf(bytes, at), at, rest);
            }
            default -> {
                if (random.nextInt(4) == 0) {
                    random.nextBytes(bytes);
                } else {
                    bytes[at] = (byte) (bytes[at] + random.nextInt(-2, 3));
                }
            }
        }
        return bytes;
    }

    private static void putNumber(byte[] bytes, int at, long number, int size, boolean littleEndian) {
        for (int i = 0; i < size && at + i < bytes.length; i++) {
            int place = littleEndian ? i : size - 1 - i;
            bytes[at + i] = (byte) (number >> (place * Byte.SIZE));
        }
    }

    private static byte[] spliced(byte[] bytes, int at, byte[] part) {
        var result = Arrays.copyOf(bytes, bytes.length + part.length);
        System.arraycopy(part, 0, result, at, part.length);
        System.arraycopy(bytes, at, result, at + part.length, bytes.length - at);
        return result;
    }
}
