package dev.ktm.log;

/** Somebody has the log open. Nothing was done; close it there first. */
public final class LogInUseException extends LogException {

    private static final long serialVersionUID = 1L;

    private final long ownerPid;

    LogInUseException(String message, long ownerPid, Throwable cause) {
        super(LogError.SHARING_VIOLATION, message, cause);
        this.ownerPid = ownerPid;
    }

    /** The process that has it open, or 0 if that is not known. */
    public long ownerPid() {
        return ownerPid;
    }
}
