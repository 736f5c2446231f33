package dev.ktm.log.tool;

/** Looks into a log. */
public final class LogTool {

    private LogTool() {}

    /** Runs a command. */
    public static void main(String[] arguments) {}
}
