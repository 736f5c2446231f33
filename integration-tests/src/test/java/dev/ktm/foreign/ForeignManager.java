package dev.ktm.foreign;

import jakarta.transaction.TransactionManager;
import java.nio.file.Path;
import java.util.List;

/** Another transaction manager, as an application would set it up. Once in a process: its settings are static. */
interface ForeignManager {

    /** Which one. */
    enum Kind {
        NARAYANA {
            @Override
            ForeignManager open(Path directory, List<NamedResource> resources) throws Exception {
                return Narayana.open(directory, resources);
            }
        },
        ATOMIKOS {
            @Override
            ForeignManager open(Path directory, List<NamedResource> resources) throws Exception {
                return Atomikos.open(directory, resources);
            }
        };

        /** With its log below a directory, and the resources that its recovery asks. */
        abstract ForeignManager open(Path directory, List<NamedResource> resources) throws Exception;
    }

    TransactionManager manager();

    /** Whether it ends the branches of a transaction that it suspends. Otherwise whoever suspends takes them out before. */
    boolean endsWhatItSuspends();

    /** One pass of its recovery. */
    void recover();

    /** Whether its log holds a decision that somebody has still to be told. */
    boolean hasUnfinished();
}
