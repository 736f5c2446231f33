package dev.ktm.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Writer;

/** Writes into a stream in whatever encoding that has. */
final class StreamWriter extends Writer {

    private final PrintStream stream;

    private StreamWriter(PrintStream stream) {
        this.stream = stream;
    }

    static PrintWriter of(PrintStream stream) {
        return new PrintWriter(new StreamWriter(stream), true);
    }

    @Override
    public void write(char[] buffer, int offset, int length) {
        stream.print(String.valueOf(buffer, offset, length));
    }

    @Override
    public void flush() {
        stream.flush();
    }

    /** The stream is another's. */
    @Override
    public void close() {
        stream.flush();
    }
}
