package dev.ktm.operator;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The verbs of the channel, and what each does. */
final class Verbs {

    /** Does what a verb asks for. */
    private interface Answer {
        @Nullable
        Object to(OperatorRequest request) throws OperatorException;
    }

    /** Something that is done to a transaction, by whom and why. */
    private interface Action {
        void on(String id, String who, String why) throws OperatorException;
    }

    private final Operations operations;
    private final Map<String, Answer> answers = new TreeMap<>();
    private final AtomicBoolean isRecovering = new AtomicBoolean();

    Verbs(Operations operations) {
        this.operations = operations;
        answers.put("manager", request -> operations.manager());
        answers.put("transactions", request -> operations.transactions());
        answers.put("transaction", request -> operations.transaction(request.require("id")));
        answers.put("enlistments", request -> operations.enlistments());
        answers.put("resource-managers", request -> operations.resourceManagers());
        answers.put("reports", request -> operations.reports());
        answers.put("damaged", request -> operations.damaged());
        answers.put("acts", request -> operations.acts());
        answers.put(
                "verbs",
                request -> Map.of(
                        "verbs",
                        List.copyOf(answers.keySet()),
                        "areas",
                        operations.areas().members()));
        action("forget", operations::forget);
        action("resolve-commit", operations::resolveCommit);
        action("resolve-rollback", operations::resolveRollback);
        action("force-commit", operations::forceCommit);
        action("force-rollback", operations::forceRollback);
        action("rollback", operations::rollback);
        action("commit-in-place-of-last", operations::commitInPlaceOfLast);
        action("rollback-in-place-of-last", operations::rollbackInPlaceOfLast);
        answers.put("complete", request -> {
            operations.complete(
                    request.require("id"), request.require("enlistment"), request.who(), request.require("reason"));
            return null;
        });
        answers.put("grow-log", request -> {
            operations.growLog(number(request, "containers"));
            return operations.manager();
        });
        answers.put("recover-now", request -> recoverNow());
    }

    /**
     * One at a time: it waits for resource managers without limit, and others who waited for the same would take the places of those
     * who do not wait for them.
     */
    private List<ResourceManagerView> recoverNow() throws OperatorException {
        if (!isRecovering.compareAndSet(false, true)) {
            throw new OperatorException(
                    OperatorException.Code.BUSY,
                    "expected no recover-now that is under way, found one that waits for a resource manager: try again in a"
                            + " moment, and see resource-managers for when each was last asked");
        }
        try {
            operations.recoverNow();
        } finally {
            isRecovering.set(false);
        }
        return operations.resourceManagers();
    }

    private static int number(OperatorRequest request, String name) throws OperatorException {
        var text = request.require(name);
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new OperatorException(
                    OperatorException.Code.USAGE, "expected a number for " + name + ", found \"" + text + "\"", e);
        }
    }

    private void action(String verb, Action action) {
        answers.put(verb, request -> {
            action.on(request.require("id"), request.who(), request.require("reason"));
            return null;
        });
    }

    @Nullable
    Object answer(OperatorRequest request) throws OperatorException {
        var verb = request.verb();
        int dot = verb.indexOf('.');
        if (dot > 0) {
            return operations.areas().answer(verb.substring(0, dot), request.withVerb(verb.substring(dot + 1)));
        }
        var known = answers.get(verb);
        if (known == null) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected one of the verbs " + String.join(", ", answers.keySet()) + ", found " + verb);
        }
        return known.to(request);
    }
}
