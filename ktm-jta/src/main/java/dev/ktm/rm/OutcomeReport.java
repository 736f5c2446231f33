package dev.ktm.rm;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Something about a transaction that is not as it should be, or as its client may expect: everything that an operator needs
 * to know, in one piece.
 *
 * @param kind what it is
 * @param when when it was seen
 * @param transaction its identity; empty while it is bound to no transaction manager
 * @param unitOfWork the id that clients know it by
 * @param resourceManager who is concerned; empty if it is the coordinator itself
 * @param branch the branch, as the resource manager lists it; empty if there is none
 * @param code what was answered, if anything
 * @param cause why
 * @param nextStep what happens now, or what should be done
 * @param failure what was thrown, if anything
 * @param owner of what has timed out: the thread that was associated with it at that moment; empty if there was none, as when
 *     it was suspended, and in reports of any other kind
 * @param operator what an operator had done, who and why; empty in reports of any other kind
 */
public record OutcomeReport(
        Kind kind,
        Instant when,
        Optional<TransactionId> transaction,
        UUID unitOfWork,
        String resourceManager,
        String branch,
        String code,
        String cause,
        String nextStep,
        Optional<Throwable> failure,
        Optional<Owner> owner,
        Optional<OperatorAct> operator) {

    /** Of each text that goes into the line: whoever is asked may say as much as he likes. */
    private static final int MOST_CHARACTERS = 2_000;

    private static final int HEX_BITS = 4;
    private static final int HEX_MASK = 0xF;

    /** A report of neither an owner nor an operator. */
    public OutcomeReport(
            Kind kind,
            Instant when,
            Optional<TransactionId> transaction,
            UUID unitOfWork,
            String resourceManager,
            String branch,
            String code,
            String cause,
            String nextStep,
            Optional<Throwable> failure) {
        this(
                kind,
                when,
                transaction,
                unitOfWork,
                resourceManager,
                branch,
                code,
                cause,
                nextStep,
                failure,
                Optional.empty(),
                Optional.empty());
    }

    /**
     * A thread that worked in a transaction.
     *
     * @param thread its name
     * @param alive whether it was still running: one that has ended has left its transaction behind
     * @param stack where it was, innermost call first; empty if it was not running
     */
    public record Owner(String thread, boolean alive, List<StackTraceElement> stack) {
        /** Copies the stack. */
        public Owner {
            stack = List.copyOf(stack);
        }

        /** Where a thread is now. */
        public static Owner of(Thread thread) {
            return new Owner(thread.getName(), thread.isAlive(), List.of(thread.getStackTrace()));
        }

        /** In one line: the thread, and its innermost call. */
        @Override
        public String toString() {
            if (!alive) {
                return "thread " + thread + ", which has ended, left it behind";
            }
            return "thread " + thread + (stack.isEmpty() ? " worked in it" : " was at " + stack.get(0));
        }
    }

    /** What is the matter. */
    public enum Kind {
        /** What was decided, or was to be prepared, could not be written to the log. */
        NOT_WRITTEN(1),
        /** A participant did otherwise than was decided, or nobody knows what it did. */
        HEURISTIC(3),
        /** The log has to keep a transaction for longer than it should, and cannot be freed behind it. */
        PINS_LOG(4),
        /** Decided, and a participant has not done it yet; it is told again. */
        PENDING(10),
        /** Nobody here can decide now. */
        IN_DOUBT(11),
        /** A participant, or the log, refused to commit. */
        REFUSED(12),
        /** It took too long and was rolled back. */
        TIMED_OUT(13),
        /** The log cannot be written any more: no new work is taken. */
        OFFLINE(14),
        /** A resource manager broke the rules. */
        PROTOCOL_ERROR(15),
        /** A branch of an earlier life, or of a failed vote, was found and rolled back. */
        ORPHAN(16),
        /** A resource manager could not be asked for its branches. */
        RECOVERY_FAILED(17),
        /** Something enlisted that could not be found again after a restart. */
        NOT_RECOVERABLE(18),
        /**
         * An operator has asked to drop something that would have been kept, or to decide because nobody else can; or what came
         * of that.
         */
        OPERATOR(19);

        private final int event;

        Kind(int event) {
            this.event = event;
        }

        /** Its number, which stays the same in all versions: 1, 3 and 4 mean what they mean in the event log of Windows' kernel. */
        public int event() {
            return event;
        }
    }

    /**
     * One line for a log, and the owner's stack below it. What resource managers, threads and operators are called, and what they
     * say, is as they have it in the fields. Here it is cut after 2,000 characters, and whatever is not displayed as itself, such
     * as the end of a line or the start of an escape sequence, is replaced by its code ({@code \n}, {@code \u001b}): nobody
     * writes lines of his own into a log.
     */
    @Override
    public String toString() {
        var text = new StringBuilder(200).append(kind).append(": transaction ");
        text.append(transaction.map(TransactionId::toString).orElse("unbound"));
        text.append(", unit of work ").append(unitOfWork);
        append(text, ", resource manager ", resourceManager);
        append(text, ", branch ", branch);
        append(text, ", code ", code);
        append(text, ": ", cause);
        append(text, "; ", nextStep);
        owner.ifPresent(found -> found.stack().forEach(call -> append(text, "\n\tat ", call.toString())));
        return text.toString();
    }

    private static void append(StringBuilder text, String label, String value) {
        if (!value.isEmpty()) {
            text.append(label);
            appendInOneLine(text, value);
        }
    }

    private static void appendInOneLine(StringBuilder text, String value) {
        int end = Math.min(value.length(), MOST_CHARACTERS);
        for (int at = 0; at < end; ) {
            int point = value.codePointAt(at);
            at += Character.charCount(point);
            if (isDisplayed(point)) {
                text.appendCodePoint(point);
            } else {
                appendCode(text, point);
            }
        }
        if (end < value.length()) {
            text.append("... (").append(value.length()).append(" characters)");
        }
    }

    private static boolean isDisplayed(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    // Among them what turns the direction of writing.
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }

    private static void appendCode(StringBuilder text, int point) {
        switch (point) {
            case '\n' -> text.append("\\n");
            case '\r' -> text.append("\\r");
            case '\t' -> text.append("\\t");
            default -> {
                for (char each : Character.toChars(point)) {
                    text.append("\\u");
                    for (int shift = Character.SIZE - HEX_BITS; shift >= 0; shift -= HEX_BITS) {
                        text.append(Character.forDigit((each >> shift) & HEX_MASK, 1 << HEX_BITS));
                    }
                }
            }
        }
    }
}
