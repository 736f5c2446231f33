package dev.ktm.cli;

import dev.ktm.Ktm;
import dev.ktm.KtmOptions;
import dev.ktm.file.TransactedFiles;
import dev.ktm.log.LogOptions;
import dev.ktm.log.testing.Until;
import dev.ktm.registry.Registry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;

/** A coordinator with two resource managers, and what can go wrong there. */
final class Site implements AutoCloseable {

    final Path log;
    final Path channels;
    final HeldResource orders = new HeldResource();
    final HeldResource stock = new HeldResource();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final KtmOptions options;
    Ktm ktm;

    /** Its log and its channel are below this directory. */
    Site(Path directory) throws Exception {
        this(directory, directory.resolve("channels"));
    }

    /** Its log is below this directory, and it listens in that one. */
    Site(Path directory, Path channels) throws Exception {
        this.log = directory.resolve("log");
        this.channels = channels;
        this.options = KtmOptions.builder()
                .logDirectory(log)
                .logOptions(LogOptions.builder()
                        .containerBytes(1 << 20)
                        .containers(2)
                        .build())
                .nodeName("shop")
                .operatorDirectory(channels)
                .recoveryInterval(Duration.ofHours(1))
                .reportListener(report -> {})
                .build();
        this.ktm = open();
    }

    private Ktm open() throws Exception {
        var opened = Ktm.open(options);
        awaitChannel(opened);
        opened.register("orders", () -> orders);
        opened.register("stock", () -> stock);
        // So that there is an answer to be shown.
        opened.recoverNow();
        return opened;
    }

    /** The channel is bound in the background. */
    private void awaitChannel(Ktm opened) throws Exception {
        var socket = channels.resolve(opened.manager().identity() + ".sock");
        Until.holds(() -> Files.exists(socket));
    }

    /** Asks the tool about this coordinator. */
    Spoken ask(String... words) {
        return Spoken.by(withChannels(words));
    }

    /** Asks on a terminal at which somebody types these lines. */
    Spoken askAnswering(String lines, String... words) {
        return Spoken.answering(lines, withChannels(words));
    }

    private String[] withChannels(String... words) {
        return Stream.concat(Stream.of(words), Stream.of("--channels", channels.toString()))
                .toArray(String[]::new);
    }

    /** The only transaction that there is. */
    String onlyTransaction() {
        return ask("list", "transactions", "--json").json().at("/0/unitOfWork").asText();
    }

    /** Opens a registry, and a directory whose files take part in transactions, in which a transaction is at work. */
    void openRegistryAndFiles() throws Exception {
        var registry = Registry.open(ktm, Registry.MAIN);
        opened.add(registry);
        var files = TransactedFiles.open(ktm, "settings", Files.createDirectory(log.resolveSibling("settings")));
        opened.add(files);
        Files.writeString(files.fileSystem().getPath("/app.conf"), "old");
        ktm.userTransaction().begin();
        Files.writeString(files.fileSystem().getPath("/app.conf"), "new");
        ktm.transactionManager().suspend();
    }

    /** Work of a superior, which has prepared it and is gone. */
    void prepareUnderSuperior(String global) throws Exception {
        XAResource inflow = ktm.xaResource();
        var xid = new SuperiorXid(global, "shop");
        inflow.start(xid, XAResource.TMNOFLAGS);
        enlistBoth();
        inflow.end(xid, XAResource.TMSUCCESS);
        inflow.prepare(xid);
    }

    /** What the superior says when it comes back. */
    void commitBySuperior(String global) throws XAException {
        ktm.xaResource().commit(new SuperiorXid(global, "shop"), false);
    }

    private void enlistBoth() throws Exception {
        var transaction = ktm.transactionManager().getTransaction();
        transaction.enlistResource(ktm.named("orders", orders));
        transaction.enlistResource(ktm.named("stock", stock));
        transaction.delistResource(orders, XAResource.TMSUCCESS);
        transaction.delistResource(stock, XAResource.TMSUCCESS);
    }

    /** Commits while stock answers the commit with this code. */
    void commitWhileStockAnswers(int code) throws Exception {
        commitAndLeaveStockAnswering(code);
        stock.onCommit = 0;
    }

    /** Commits while stock answers the commit with this code, from now on. */
    void commitAndLeaveStockAnswering(int code) throws Exception {
        ktm.userTransaction().begin();
        enlistBoth();
        stock.onCommit = code;
        try {
            ktm.userTransaction().commit();
        } catch (jakarta.transaction.HeuristicMixedException | jakarta.transaction.HeuristicRollbackException e) {
            // That is what it was for.
        }
    }

    /** Commits while a last resource is lost that was just asked to decide. */
    void loseAuditWhileItDecides() throws Exception {
        var audit = new HeldLastResource();
        ktm.registerLastResource("audit", audit.source());
        ktm.userTransaction().begin();
        enlistBoth();
        ktm.transactionManager().getTransaction().enlistResource(ktm.named("audit", audit));
        try {
            ktm.userTransaction().commit();
        } catch (jakarta.transaction.HeuristicMixedException e) {
            // Nobody knows.
        }
        ktm.recoverNow();
    }

    void restart() throws Exception {
        ktm.close();
        ktm = open();
    }

    @Override
    public void close() throws Exception {
        for (var each : opened) {
            each.close();
        }
        ktm.close();
    }
}
