package dev.ktm.benchmark;

import dev.ktm.journal.LogJournal;
import dev.ktm.log.Lsn;
import dev.ktm.log.ReadMode;
import dev.ktm.log.testing.MemoryDevice;

/** What the coordinator writes when it has decided. */
final class DecisionRecord {

    private static final int TRANSACTIONS = 1000;

    private DecisionRecord() {}

    /** The size of the record for two resources, in bytes: that of one which was written. */
    static int bytes() throws Exception {
        try (var coordinator = KtmCoordinator.on(new MemoryDevice(), TransactionShape.TWO_RESOURCES)) {
            // The base may pass the first ones meanwhile.
            var transactions = coordinator.appender();
            for (int i = 0; i < TRANSACTIONS; i++) {
                transactions.appendForced();
            }
            var log = coordinator.ktm().manager().log().orElseThrow();
            try (var stream = log.stream(LogJournal.STREAM)) {
                var reader = stream.read(Lsn.NULL, ReadMode.FORWARD);
                int largest = 0;
                while (reader.next()) {
                    largest = Math.max(largest, reader.payload().remaining());
                }
                return largest;
            }
        }
    }
}
