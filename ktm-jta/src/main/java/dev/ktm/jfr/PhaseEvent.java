package dev.ktm.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A phase of a transaction's end. */
@Name("dev.ktm.Phase")
@Label("Transaction Phase")
@Category({"KTM"})
@Description("A phase of a transaction's end: the votes, the log, the calls to commit or to roll back")
@StackTrace(false)
final class PhaseEvent extends Event {
    @Label("Unit of Work")
    @Nullable
    String unitOfWork;

    @Label("Phase")
    @Nullable
    String phase;
}
