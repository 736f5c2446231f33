package dev.ktm.demo;

/** Shows the log at work. */
public final class LogDemo {
    private LogDemo() {}

    /** Runs the demonstration and prints what happens. */
    public static void main(String[] args) {
        System.out.println("demo: the log's demonstration goes here");
    }
}
