package dev.ktm.deployment;

import java.util.Locale;

/** Where the process that deploys dies, and what must have become of its release then. */
enum CrashPoint {
    AFTER_FIRST_INSERT("after the first insert", false),
    BEFORE_COMMIT("before commit is called", false),
    BEFORE_FIRST_VOTE("before the first vote", false),
    AFTER_FIRST_VOTE("after the first vote", false),
    AFTER_LAST_VOTE("after the last vote", false),
    AFTER_DECISION("after the decision", true),
    AFTER_FIRST_COMMIT("after the first commit", true),
    AFTER_LAST_COMMIT("after the last commit", true),
    AFTER_ACKNOWLEDGEMENT("after it was acknowledged", true);

    private final String text;
    private final boolean committed;

    CrashPoint(String text, boolean committed) {
        this.text = text;
        this.committed = committed;
    }

    /** Whether a release that meets it is committed. */
    boolean isCommitted() {
        return committed;
    }

    /** How it is called on the command line. */
    String option() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static CrashPoint of(String option) {
        for (var point : values()) {
            if (point.option().equals(option)) {
                return point;
            }
        }
        throw new IllegalArgumentException("expected one of "
                + java.util.Arrays.stream(values()).map(CrashPoint::option).toList() + ", found " + option);
    }

    @Override
    public String toString() {
        return text;
    }
}
