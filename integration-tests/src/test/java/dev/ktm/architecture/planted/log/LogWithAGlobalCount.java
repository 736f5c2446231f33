package dev.ktm.architecture.planted.log;

final class LogWithAGlobalCount {
    static int count;

    private LogWithAGlobalCount() {}
}
