package dev.ktm.proof;

import dev.ktm.jta.DecisionTableName;
import dev.ktm.proof.Plan.Harm;
import dev.ktm.servers.Kind;
import dev.ktm.servers.Proxy;
import dev.ktm.servers.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;

/** The servers of a campaign, and what is done to them. They outlive the coordinator. */
final class Site implements AutoCloseable {

    private static final String LAST_TABLE = "proof_last";
    private static final int THREADS = 3;

    /** A server, and whether it runs. */
    private static final class Running {
        final Kind kind;
        final Server server;
        final ReentrantLock lock = new ReentrantLock();
        boolean up = true;
        boolean paused;

        Running(Kind kind, Server server) {
            this.kind = kind;
            this.server = server;
        }
    }

    private final Map<Kind, Running> servers = new EnumMap<>(Kind.class);
    private final Map<Kind, ForeignBranches> foreign = new EnumMap<>(Kind.class);
    private final Map<Kind, Integer> kills = new ConcurrentHashMap<>();
    private final ExecutorService starter = Executors.newFixedThreadPool(THREADS);
    private final ConcurrentLinkedQueue<Exception> failures = new ConcurrentLinkedQueue<>();

    private Site() {}

    /** Installs and starts servers, makes the table of the last resource, and has others prepare branches in each. */
    static Site start(Path directory, Collection<Kind> kinds) throws Exception {
        var site = new Site();
        try {
            var all = new ArrayList<Future<Running>>();
            for (var kind : kinds) {
                all.add(site.starter.submit(() -> new Running(
                        kind,
                        Server.start(
                                kind,
                                directory.resolve(Part.valueOf(kind.name()).label())))));
            }
            for (var each : all) {
                var running = each.get();
                site.servers.put(running.kind, running);
            }
            if (Part.host(kinds).isPresent()) {
                site.execute("CREATE TABLE " + LAST_TABLE + " (k VARCHAR(100) NOT NULL PRIMARY KEY)");
                site.execute(DecisionTableName.DEFAULT.creation());
            }
            for (var running : site.servers.values()) {
                site.foreign.put(running.kind, ForeignBranches.prepare(running.kind, running.server));
            }
            return site;
        } catch (Exception | Error e) {
            site.close();
            throw e;
        }
    }

    private void execute(String sql) throws SQLException {
        try (var connection = last().orElseThrow().getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The table that a database writes a key to. */
    static String table(Part part) {
        return part == Part.LAST ? LAST_TABLE : Server.ORDERS;
    }

    /** The database that has the table of the last resource, past everything. */
    Optional<DataSource> last() throws SQLException {
        var host = Part.host(servers.keySet());
        return host.isEmpty() ? Optional.empty() : Optional.of(host.get().plain(port(host.get())));
    }

    Collection<Kind> kinds() {
        return servers.keySet();
    }

    ForeignBranches foreign(Kind kind) {
        return java.util.Objects.requireNonNull(foreign.get(kind));
    }

    private Running running(Kind kind) {
        return java.util.Objects.requireNonNull(servers.get(kind));
    }

    /** Where a server listens. */
    int port(Kind kind) {
        return running(kind).server.port();
    }

    /** Where the coordinator reaches each: there it can be disturbed. */
    Map<Kind, Integer> ports() {
        var all = new EnumMap<Kind, Integer>(Kind.class);
        servers.forEach((kind, each) -> all.put(kind, each.server.proxyPort()));
        return all;
    }

    /** How often each was killed. */
    Map<Kind, Integer> kills() {
        return Map.copyOf(kills);
    }

    int killed(Kind kind) {
        return kills().getOrDefault(kind, 0);
    }

    /** Whether a server is there. */
    boolean isUp(Kind kind) {
        var running = running(kind);
        running.lock.lock();
        try {
            return running.up && !running.paused;
        } finally {
            running.lock.unlock();
        }
    }

    /** Does harm to a server; returns whether it could be done. */
    boolean harm(Harm harm) throws IOException, InterruptedException {
        var kind = harm.server();
        if (kind == null || !isUp(kind)) {
            return false;
        }
        var server = running(kind).server;
        switch (harm.what()) {
            case KILL -> kill(kind, harm.amount());
            case KILL_BEFORE_REPLY -> server.loseNext(Proxy.Loss.REPLY, () -> kill(kind, harm.amount()));
            case PAUSE -> pause(kind, harm.amount());
            case CUT -> server.cutConnections();
            case LOSE_REQUEST -> server.loseNext(Proxy.Loss.REQUEST, () -> {});
            case LOSE_REPLY -> server.loseNext(Proxy.Loss.REPLY, () -> {});
            case FREEZE, CLOCK -> throw new IllegalArgumentException("expected a harm of a server, found " + harm);
        }
        return true;
    }

    private void kill(Kind kind, int absenceMillis) throws IOException {
        var running = running(kind);
        running.lock.lock();
        try {
            if (!running.up || running.paused) {
                return;
            }
            running.up = false;
            running.server.kill();
            kills.merge(kind, 1, Integer::sum);
        } finally {
            running.lock.unlock();
        }
        CompletableFuture.delayedExecutor(absenceMillis, TimeUnit.MILLISECONDS, starter)
                .execute(() -> restart(running));
    }

    private void restart(Kind kind) throws Exception {
        var running = running(kind);
        running.lock.lock();
        try {
            running.server.kill();
            running.server.start();
        } finally {
            running.lock.unlock();
        }
    }

    private void restart(Running running) {
        running.lock.lock();
        try {
            running.server.start();
            running.up = true;
        } catch (Exception | Error e) {
            failures.add(new IllegalStateException(running.kind + " does not start again", e));
        } finally {
            running.lock.unlock();
        }
    }

    private void pause(Kind kind, int millis) throws IOException, InterruptedException {
        var running = running(kind);
        running.lock.lock();
        try {
            running.server.pause();
            running.paused = true;
        } finally {
            running.lock.unlock();
        }
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, starter)
                .execute(() -> resume(running));
    }

    private void resume(Running running) {
        running.lock.lock();
        try {
            if (running.paused) {
                running.server.resume();
                running.paused = false;
            }
        } catch (IOException | InterruptedException e) {
            failures.add(e);
        } finally {
            running.lock.unlock();
        }
    }

    /** Nothing more is lost that was planned to be lost in the life that is over. */
    void calm() throws Exception {
        servers.values().forEach(each -> each.server.loseNext(Proxy.Loss.NOTHING, () -> {}));
        var failure = failures.poll();
        if (failure != null) {
            throw failure;
        }
    }

    /** Waits until all are there. */
    void heal() throws Exception {
        calm();
        if (servers.containsKey(Kind.DERBY) && isUp(Kind.DERBY)) {
            // Branches of coordinators that died before they prepared them keep their locks as long as it lives.
            restart(Kind.DERBY);
        }
        for (var running : servers.values()) {
            // Its lock is held while it starts; one that was killed just now may not have begun to.
            dev.ktm.log.testing.Until.holds(() -> isUp(running.kind));
        }
        calm();
    }

    /** Once nothing is in doubt. */
    void bringBackWhatIsKeptBack() throws Exception {
        if (servers.containsKey(Kind.ACTIVEMQ)) {
            // It counts its messages anew then, and delivers all of them.
            restart(Kind.ACTIVEMQ);
        }
    }

    /** The state of all, for the message of a failure. */
    List<String> state() {
        return servers.keySet().stream()
                .map(kind -> kind + (isUp(kind) ? " up" : " away"))
                .toList();
    }

    @Override
    public void close() throws IOException {
        starter.shutdownNow();
        try {
            starter.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (var running : servers.values()) {
            resume(running);
            running.server.close();
        }
    }
}
