package dev.ktm.console;

import java.time.Duration;
import java.util.Optional;

/** How a console is to be. Each method gives another set of options; nothing is changed. */
public final class ConsoleOptions {

    /** The shortest token that may be given, in characters. */
    public static final int LEAST_TOKEN_CHARACTERS = 32;

    /** The most points of history that are kept, and drawn. */
    public static final int MOST_POINTS = 1_000;

    private static final Duration INTERVAL = Duration.ofSeconds(2);
    private static final int POINTS = 900;
    private static final int MOST_PORT = 65_535;

    private final int port;
    private final boolean acting;
    private final boolean remote;
    private final Optional<String> token;
    private final Duration interval;
    private final int points;

    private ConsoleOptions(
            int port, boolean acting, boolean remote, Optional<String> token, Duration interval, int points) {
        this.port = port;
        this.acting = acting;
        this.remote = remote;
        this.token = token;
        this.interval = interval;
        this.points = points;
    }

    /**
     * A free port, a token that is made anew each time, for looking only and from this machine only, a point of history every 2 seconds for
     * half an hour.
     */
    public static ConsoleOptions defaults() {
        return new ConsoleOptions(0, false, false, Optional.empty(), INTERVAL, POINTS);
    }

    /**
     * The port that {@link ConsoleServer} listens at.
     *
     * @param number 1 to 65,535, or 0 for one that is free
     */
    public ConsoleOptions withPort(int number) {
        if (number < 0 || number > MOST_PORT) {
            throw new IllegalArgumentException(
                    "expected a port from 0 (any that is free) to " + MOST_PORT + ", found " + number);
        }
        return new ConsoleOptions(number, acting, remote, token, interval, points);
    }

    /** Whether whoever has the token may also act: resolve, force, roll back, complete, forget. No by default. */
    public ConsoleOptions withActing(boolean isAllowed) {
        return new ConsoleOptions(port, isAllowed, remote, token, interval, points);
    }

    /**
     * Whether pages that a host application shows are shown to clients on other machines as well. No by default; a {@link ConsoleServer}
     * does not, whatever is said here. The host has to see to it that nobody can listen on the way: the token travels with each request.
     */
    public ConsoleOptions withRemoteClients(boolean isAllowed) {
        return new ConsoleOptions(port, acting, isAllowed, token, interval, points);
    }

    /**
     * A token of your own, which browsers have to show. It outlives the process: pages that are still open send it to whoever listens at
     * the port next. So let it be a port that nobody else can take.
     *
     * @param secret at least {@value #LEAST_TOKEN_CHARACTERS} letters, digits, hyphens or underscores that nobody can guess
     */
    public ConsoleOptions withToken(String secret) {
        if (secret.length() < LEAST_TOKEN_CHARACTERS || !secret.matches("[A-Za-z0-9_-]+")) {
            // What was found is secret.
            throw new IllegalArgumentException("expected a token of at least " + LEAST_TOKEN_CHARACTERS
                    + " letters, digits, hyphens or underscores, found one of " + secret.length()
                    + " characters: leave it out, and a good one is made");
        }
        return new ConsoleOptions(port, acting, remote, Optional.of(secret), interval, points);
    }

    /**
     * What history is kept, in memory.
     *
     * @param every the time between two points, from 100 milliseconds to a day
     * @param count how many points, from 2 to {@value #MOST_POINTS}
     */
    public ConsoleOptions withHistory(Duration every, int count) {
        if (every.compareTo(Duration.ofMillis(100)) < 0 || every.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException(
                    "expected a time from PT0.1S to PT24H between two points, found " + every);
        }
        if (count < 2 || count > MOST_POINTS) {
            throw new IllegalArgumentException("expected 2 to " + MOST_POINTS + " points, found " + count);
        }
        return new ConsoleOptions(port, acting, remote, token, every, count);
    }

    int port() {
        return port;
    }

    boolean isActing() {
        return acting;
    }

    boolean isForRemoteClients() {
        return remote;
    }

    Optional<String> token() {
        return token;
    }

    Duration interval() {
        return interval;
    }

    int points() {
        return points;
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "ConsoleOptions[port=" + port + ", acting=" + acting + ", remoteClients=" + remote + ", history="
                + points + " x " + interval + "]";
    }
}
