package dev.ktm.cli;

import java.util.List;

/** What can be listed. */
enum Listing {
    TMS("tms", "manager", "no coordinator", "Show coordinators: identity, log, how they are."),
    TRANSACTIONS("transactions", "transactions", "no transaction", "Show the transactions that have not ended."),
    ENLISTMENTS(
            "enlistments",
            "enlistments",
            "no enlistment",
            "Show who takes part in transactions, and who has not answered."),
    RMS("rms", "resource-managers", "no resource manager", "Show resource managers, and how they last answered."),
    DAMAGED(
            "damaged",
            "damaged",
            "nothing is damaged",
            "Show transactions some of whose participants did otherwise than was decided."),
    REPORTS("reports", "reports", "no report", "Show the last 100 reports of abnormal outcomes, newest last."),
    ACTS("acts", "acts", "no operator has done anything", "Show what operators have done: who, when and why.");

    private final String word;
    private final String verb;
    private final String ifEmpty;
    private final String description;

    Listing(String word, String verb, String ifEmpty, String description) {
        this.word = word;
        this.verb = verb;
        this.ifEmpty = ifEmpty;
        this.description = description;
    }

    String word() {
        return word;
    }

    /** What a coordinator is asked. */
    String verb() {
        return verb;
    }

    String ifEmpty() {
        return ifEmpty;
    }

    List<String> description() {
        return List.of(description);
    }
}
