package dev.ktm.log.testing;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A change of a file that a power loss may undo, wholly or in parts. */
sealed interface AtRisk {

    /** The place of the operation in the history. */
    int sequence();

    /** The file. */
    int inode();

    /** Whether a force of the file ends the risk. */
    boolean forceable();

    /** The same change, which no later force makes durable. */
    AtRisk beyondForce();

    /** In how many ways it may come out. The first is "lost", the second "kept whole". */
    int outcomes(Tears tears, Tears.Detail detail);

    /** The file when it came out this way. */
    FileContent applyTo(FileContent content, Tears tears, Tears.Detail detail, int outcome);

    /** How it came out, in words. */
    String describe(Tears tears, Tears.Detail detail, int outcome);

    /** The file when nothing of it is lost. */
    FileContent applyTo(FileContent content);

    /** The size a file was created with. */
    record Size(int sequence, int inode, long bytes, boolean forceable) implements AtRisk {

        @Override
        public AtRisk beyondForce() {
            return new Size(sequence, inode, bytes, false);
        }

        @Override
        public int outcomes(Tears tears, Tears.Detail detail) {
            return 2;
        }

        @Override
        public FileContent applyTo(FileContent content, Tears tears, Tears.Detail detail, int outcome) {
            return outcome == 0 ? content : applyTo(content);
        }

        @Override
        public FileContent applyTo(FileContent content) {
            return content.grownTo(bytes);
        }

        @Override
        public String describe(Tears tears, Tears.Detail detail, int outcome) {
            return "size of #" + sequence + (outcome == 0 ? " lost" : " kept");
        }
    }

    /** A write, without those sectors that a later write has made durable. */
    final class Data implements AtRisk {

        private final int sequence;
        private final Operation.Write write;
        private final boolean forceable;
        private final byte[] sectors;

        private Data(int sequence, Operation.Write write, boolean forceable, byte[] sectors) {
            this.sequence = sequence;
            this.write = write;
            this.forceable = forceable;
            this.sectors = sectors;
        }

        static Data of(int sequence, Operation.Write write) {
            var sectors = new byte[write.blocks().size()];
            Arrays.fill(sectors, (byte) Block.ALL_SECTORS);
            return new Data(sequence, write, write.forceable(), sectors);
        }

        @Override
        public int sequence() {
            return sequence;
        }

        @Override
        public int inode() {
            return write.inode();
        }

        @Override
        public boolean forceable() {
            return forceable;
        }

        @Override
        public AtRisk beyondForce() {
            return new Data(sequence, write, false, sectors);
        }

        /** What is left at risk of this write when a later one has become durable: nothing of what that replaced. */
        Optional<Data> without(Data durable) {
            var shift = (durable.write.position() - write.position()) / Block.BYTES;
            if (shift >= sectors.length || -shift >= durable.sectors.length) {
                return Optional.of(this);
            }
            var left = sectors.clone();
            var any = 0;
            for (var i = 0; i < left.length; i++) {
                var there = i - shift;
                if (there >= 0 && there < durable.sectors.length) {
                    left[i] &= (byte) ~durable.sectors[(int) there];
                }
                any |= left[i];
            }
            return any == 0 ? Optional.empty() : Optional.of(new Data(sequence, write, forceable, left));
        }

        @Override
        public int outcomes(Tears tears, Tears.Detail detail) {
            return outcomeList(tears, detail).size();
        }

        @Override
        public FileContent applyTo(FileContent content, Tears tears, Tears.Detail detail, int outcome) {
            var tear = outcomeList(tears, detail).get(outcome);
            return outcome == 0 ? content : content.torn(write.position(), write.blocks(), tear, sectors);
        }

        @Override
        public FileContent applyTo(FileContent content) {
            return content.torn(write.position(), write.blocks(), Tear.whole(sectors.length), sectors);
        }

        @Override
        public String describe(Tears tears, Tears.Detail detail, int outcome) {
            return "write #" + sequence + " of " + write.name() + " at " + write.position() + ": "
                    + outcomeList(tears, detail).get(outcome);
        }

        private List<Tear> outcomeList(Tears tears, Tears.Detail detail) {
            return tears.of(sectors.length, detail);
        }
    }
}
