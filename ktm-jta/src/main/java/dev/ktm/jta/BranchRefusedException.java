package dev.ktm.jta;

/** Why a branch had its transaction rolled back: the cause of the client's {@code RollbackException}. */
final class BranchRefusedException extends Exception {

    private static final long serialVersionUID = 1;

    BranchRefusedException(String resourceManager, BranchXid xid, XaCall call, XaAnswer answer) {
        super(
                "resource manager " + resourceManager + " answered " + call + " of branch " + xid + " with "
                        + answer.text(),
                answer.thrown());
    }
}
