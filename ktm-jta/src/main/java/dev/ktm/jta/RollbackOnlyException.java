package dev.ktm.jta;

/** Says where a transaction was marked for rollback, as the cause of what its client gets. */
final class RollbackOnlyException extends RuntimeException {

    private static final long serialVersionUID = 1;

    RollbackOnlyException(String message) {
        super(message);
    }

    RollbackOnlyException(String message, Throwable cause) {
        super(message, cause);
    }
}
