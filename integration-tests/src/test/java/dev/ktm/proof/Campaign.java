package dev.ktm.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ktm.servers.Kind;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The campaign as a program. Ends with 0 only if nothing is violated. */
@Command(
        name = "proof",
        mixinStandardHelpOptions = true,
        description =
                "Kills a coordinator and its servers again and again, and checks that nothing is half done, lost or left.")
public final class Campaign implements Callable<Integer> {

    @Option(
            names = "--kills",
            defaultValue = "2000",
            description = "How often the coordinator is killed, at least. Default: ${DEFAULT-VALUE}")
    private int kills;

    @Option(
            names = "--server-kills",
            defaultValue = "500",
            description = "How often servers are killed in all, at least. Default: ${DEFAULT-VALUE}")
    private int serverKills;

    @Option(
            names = "--check-every",
            defaultValue = "50",
            description = "After so many lives everything is checked. Default: ${DEFAULT-VALUE}")
    private int checkEvery;

    @Option(names = "--seed", description = "Chooses what happens. Default: random")
    private long seed = System.nanoTime();

    @Option(names = "--servers", split = ",", description = "Which take part: ${COMPLETION-CANDIDATES}. Default: all")
    private List<Kind> servers = Arrays.asList(Kind.values());

    @Option(
            names = "--bug",
            defaultValue = "NONE",
            description =
                    "What the coordinator's process does wrong: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
    private PlantedBug bug = PlantedBug.NONE;

    @Option(names = "--data", description = "Where everything is kept. Default: a temporary directory")
    private @Nullable Path data;

    @Option(names = "--report", description = "Where the report is written. Default: it is printed only")
    private @Nullable Path report;

    private final PrintWriter out;

    private Campaign(PrintWriter out) {
        this.out = out;
    }

    /** Runs it. */
    public static void main(String[] arguments) {
        var out = new PrintWriter(System.out, true, UTF_8);
        int status = new CommandLine(new Campaign(out)).setOut(out).setErr(out).execute(arguments);
        out.flush();
        Runtime.getRuntime().halt(status);
    }

    @Override
    public Integer call() throws Exception {
        for (var kind : servers) {
            var missing = kind.missing();
            if (missing.isPresent()) {
                out.println(kind + " cannot run here: " + missing.get());
                return CommandLine.ExitCode.USAGE;
            }
        }
        var given = data;
        var directory = given == null ? Files.createTempDirectory("ktm-proof") : given;
        out.println("Seed " + seed + ", in " + directory + ".");
        var chronicle = Proof.run(new Proof.Settings(directory, seed, servers, kills, serverKills, checkEvery, bug));
        var text = Report.of(chronicle);
        out.println(text);
        var target = report;
        if (target != null) {
            Files.writeString(target, text);
        }
        return chronicle.violations().isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
}
