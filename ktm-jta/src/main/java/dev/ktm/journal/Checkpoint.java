package dev.ktm.journal;

import dev.ktm.rm.OperatorAct;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The data of a restart area of the journal: everything that must be remembered of what lies before the base.
 *
 * <pre>
 *   0         1          4              20      28      32
 *   | version | reserved | manager u128 | clock | count | count times: length u32, record of {@link JournalFormat} - - -
 * </pre>
 *
 * @param manager the transaction manager's identity
 * @param clock the virtual clock
 * @param transactions all that are not ended
 * @param acts what operators have done, oldest first; they are counted with the transactions and follow them
 */
record Checkpoint(UUID manager, long clock, List<TransactionRecord> transactions, List<OperatorAct> acts) {

    private static final byte VERSION = 1;
    private static final int HEADER_BYTES = Integer.BYTES + 3 * Long.BYTES + Integer.BYTES;

    Checkpoint {
        transactions = List.copyOf(transactions);
        acts = List.copyOf(acts);
    }

    int size() {
        int size = HEADER_BYTES;
        for (var transaction : transactions) {
            size += Integer.BYTES + JournalFormat.sizeOf(transaction);
        }
        for (var act : acts) {
            size += Integer.BYTES + JournalFormat.sizeOf(act);
        }
        return size;
    }

    ByteBuffer encode() {
        var buffer = ByteBuffer.allocate(size()).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(VERSION).putLong(manager.getMostSignificantBits()).putLong(manager.getLeastSignificantBits());
        buffer.putLong(clock).putInt(transactions.size() + acts.size());
        transactions.forEach(transaction -> put(buffer, JournalFormat.encode(transaction)));
        acts.forEach(act -> put(buffer, JournalFormat.encode(act)));
        return buffer.flip();
    }

    private static void put(ByteBuffer buffer, ByteBuffer record) {
        buffer.putInt(record.remaining()).put(record);
    }

    static Checkpoint decode(ByteBuffer data) throws JournalException {
        var buffer = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (buffer.remaining() < HEADER_BYTES) {
            throw damaged("a checkpoint of " + HEADER_BYTES + " bytes at least", buffer.remaining() + " bytes");
        }
        int version = buffer.getInt();
        if (version != VERSION) {
            throw damaged("a checkpoint of version " + VERSION, "version " + version);
        }
        var manager = new UUID(buffer.getLong(), buffer.getLong());
        long clock = buffer.getLong();
        int count = buffer.getInt();
        var transactions = new ArrayList<TransactionRecord>();
        var acts = new ArrayList<OperatorAct>();
        for (int i = 0; i < count; i++) {
            int length = buffer.remaining() < Integer.BYTES ? -1 : buffer.getInt();
            if (length < 0 || length > buffer.remaining()) {
                throw damaged(count + " transactions", i + " and " + buffer.remaining() + " bytes");
            }
            var record = JournalFormat.decode(manager, buffer.slice(buffer.position(), length));
            buffer.position(buffer.position() + length);
            if (record.operator().isPresent()) {
                acts.add(record.operator().get());
            } else {
                transactions.add(record.transaction().orElseThrow(() -> damaged("a transaction", "the end of one")));
            }
        }
        if (count < 0 || buffer.hasRemaining()) {
            throw damaged("nothing behind " + count + " transactions", buffer.remaining() + " bytes");
        }
        return new Checkpoint(manager, clock, transactions, acts);
    }

    private static JournalException damaged(String expected, String found) {
        return new JournalException("expected " + expected + " in a restart area of the journal, found " + found, null);
    }
}
