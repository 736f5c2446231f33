package dev.ktm.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A transaction, from its beginning to its end for its client; recorded on the thread that came to the end. */
@Name("dev.ktm.Transaction")
@Label("Transaction")
@Category({"KTM"})
@Description("A transaction, from its beginning to its end for its client")
@StackTrace(false)
final class TransactionEvent extends Event {
    @Label("Unit of Work")
    @Nullable
    String unitOfWork;

    @Label("Transaction Id")
    @Nullable
    String transaction;

    @Label("Outcome")
    @Nullable
    String outcome;

    @Label("Rollback Cause")
    @Nullable
    String cause;

    @Label("In One Phase")
    boolean onePhase;

    @Label("Read-only")
    boolean readOnly;

    @Label("Damaged")
    @Description("Whether a participant is known to have done otherwise than was decided")
    boolean damaged;
}
