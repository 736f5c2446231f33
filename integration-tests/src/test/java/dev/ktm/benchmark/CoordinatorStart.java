package dev.ktm.benchmark;

import jakarta.transaction.TransactionManager;
import jakarta.transaction.TransactionSynchronizationRegistry;
import jakarta.transaction.UserTransaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.transaction.xa.XAResource;
import org.jboss.tm.XAResourceRecoveryRegistry;

/**
 * How long a new Java virtual machine takes to its first durable commit of two resources, beside one that only loads the
 * interfaces.
 */
final class CoordinatorStart {

    private static final int TRIES_PER_ROUND = 4;

    private final Settings<?> settings;

    CoordinatorStart(Settings<?> settings) {
        this.settings = settings;
    }

    /** Measures and returns a table. */
    List<String> table() throws IOException {
        var shared = Files.createTempDirectory(settings.directory(), "classes");
        try {
            var archive = ClassArchive.of(
                    CoordinatorStart.class,
                    shared,
                    "commit",
                    shared.resolve("log").toString());
            var plain = new Tries(List.of(), System.getProperty("java.class.path"));
            var sharing = new Tries(archive.options(), archive.classPath());
            for (int i = -1; i < TRIES_PER_ROUND * settings.rounds(); i++) {
                plain.measure(Math.max(i, 0));
                sharing.measure(Math.max(i, 0));
            }
            var lines = new ArrayList<String>();
            lines.add("| A new JVM, until | ms | beyond the interfaces, try by try, ms |");
            lines.add("|---|---|---|");
            lines.addAll(plain.lines(""));
            lines.addAll(sharing.lines(", with a class data archive"));
            return lines;
        } finally {
            Experiment.delete(shared);
        }
    }

    /** New machines of one kind, in turns with others. */
    private final class Tries {
        private final List<String> options;
        private final String classPath;
        private final double[] interfaces = new double[TRIES_PER_ROUND * settings.rounds()];
        private final double[] first = interfaces.clone();
        private final double[] again = interfaces.clone();

        Tries(List<String> options, String classPath) {
            this.options = options;
            this.classPath = classPath;
        }

        void measure(int at) throws IOException {
            var directory = Files.createTempDirectory(settings.directory(), "start");
            try {
                interfaces[at] = millis("interfaces", directory);
                first[at] = millis("commit", directory);
                again[at] = millis("commit", directory);
            } finally {
                Experiment.delete(directory);
            }
        }

        private double millis(String what, Path directory) throws IOException {
            return NewMachine.run(classPath, CoordinatorStart.class, options, what, directory.toString())
                    .millis();
        }

        List<String> lines(String how) {
            return List.of(
                    "| the interfaces are loaded" + how + " | " + StartSpeed.text(interfaces) + " | |",
                    line("the first transaction is committed, with a new log" + how, first, interfaces),
                    line(
                            "the first transaction is committed, with a log that was closed in order" + how,
                            again,
                            interfaces));
        }
    }

    private static String line(String until, double[] millis, double[] interfaces) {
        var beyond = millis.clone();
        for (int i = 0; i < beyond.length; i++) {
            beyond[i] -= interfaces[i];
        }
        return "| " + until + " | " + StartSpeed.text(millis) + " | " + StartSpeed.text(beyond) + " |";
    }

    /** What the new machine does: {@code commit} or {@code interfaces}, and the directory. */
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("commit")) {
            Commit.in(Path.of(arguments[1]));
        } else {
            System.out.println(Interfaces.names());
        }
    }

    /** A class of its own, so that the other machine does not load what is used here. */
    private static final class Commit {
        private static void in(Path directory) throws Exception {
            try (var ktm = dev.ktm.Ktm.open(
                    dev.ktm.KtmOptions.builder().logDirectory(directory).build())) {
                TransactionShape.TWO_RESOURCES.of(ktm.transactionManager()).appendForced();
                System.out.println("committed");
            }
        }
    }

    /** What every user of transactions loads. */
    private static final class Interfaces {
        private static String names() {
            return String.join(
                    " ",
                    TransactionManager.class.getName(),
                    UserTransaction.class.getName(),
                    TransactionSynchronizationRegistry.class.getName(),
                    XAResource.class.getName(),
                    XAResourceRecoveryRegistry.class.getName());
        }
    }
}
