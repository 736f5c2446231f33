package dev.ktm.architecture.planted.log;

final class LogThatLocksItself {
    private int records;

    synchronized int append() {
        return ++records;
    }
}
