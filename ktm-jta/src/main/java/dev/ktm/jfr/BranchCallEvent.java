package dev.ktm.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A call of a participant. */
@Name("dev.ktm.BranchCall")
@Label("Branch Call")
@Category({"KTM"})
@Description("A call of a participant of a transaction, and what it has answered")
@StackTrace(false)
final class BranchCallEvent extends Event {
    @Label("Unit of Work")
    @Nullable
    String unitOfWork;

    @Label("Resource Manager")
    @Nullable
    String resourceManager;

    @Label("Branch")
    @Description("The xid as format:global:qualifier; null for participants that have none")
    @Nullable
    String branch;

    @Label("Operation")
    @Nullable
    String operation;

    @Label("Answer")
    @Nullable
    String answer;

    @Label("Code")
    @Nullable
    String code;
}
