package dev.ktm.tomee;

import dev.ktm.Ktm;
import dev.ktm.KtmOpenException;
import dev.ktm.KtmOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.openejb.core.mdb.InboundRecovery;
import org.apache.openejb.loader.SystemInstance;
import org.apache.xbean.recipe.ExecutionContext;
import org.apache.xbean.recipe.ObjectRecipe;

/**
 * Opens the coordinator of a server, which the server's configuration asks for:
 *
 * <pre>{@code
 * <TransactionManager id="transactions" class-name="dev.ktm.tomee.KtmFactory" factory-name="create">
 *     logDirectory = data/ktm-log
 * </TransactionManager>
 * }</pre>
 *
 * <p>The properties are those of {@link KtmOptions.Builder#option}; OpenEJB does not mind their case. A directory that is relative is
 * one below the base of the server, and {@value #DEFAULT_LOG_DIRECTORY} is the default: only {@code inMemory = true} keeps no log. Properties
 * of the system that begin with the id of the service, as in {@code transactions.logDirectory}, count as well.
 */
public final class KtmFactory {

    /** Where the log is if nobody says so, below the base of the server. */
    public static final String DEFAULT_LOG_DIRECTORY = "data/ktm-log";

    private static final String LOG_DIRECTORY = "logDirectory";
    private static final String IN_MEMORY = "inMemory";

    private final Map<String, String> said = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    /** Called by the server. */
    public KtmFactory() {}

    /** Where the log is. */
    public void setLogDirectory(String value) {
        said.put(LOG_DIRECTORY, value);
    }

    /** Whether there is no log. */
    public void setInMemory(String value) {
        said.put(IN_MEMORY, value);
    }

    /** A label for people. */
    public void setNodeName(String value) {
        said.put("nodeName", value);
    }

    /** The timeout of transactions that say nothing. */
    public void setDefaultTimeout(String value) {
        said.put("defaultTimeout", value);
    }

    /** The time between two times that a resource manager is asked for its branches. */
    public void setRecoveryInterval(String value) {
        said.put("recoveryInterval", value);
    }

    /** Whether branches are prepared and committed at once. */
    public void setParallel(String value) {
        said.put("parallel", value);
    }

    /** How long a call of a resource may take. */
    public void setResourceTimeout(String value) {
        said.put("resourceTimeout", value);
    }

    /** After which it is reported that the log has to keep a transaction. */
    public void setLogPinLimit(String value) {
        said.put("logPinLimit", value);
    }

    /** Whether tools of operators can reach the coordinator. */
    public void setOperatorChannel(String value) {
        said.put("operatorChannel", value);
    }

    /** Where they look for it. */
    public void setOperatorDirectory(String value) {
        said.put("operatorDirectory", value);
    }

    /** Whether the coordinator is a bean of JMX. */
    public void setJmx(String value) {
        said.put("jmx", value);
    }

    /**
     * Opens the coordinator, and has the server tell it of every resource that takes part in transactions. It is closed by the
     * server, when it stops.
     *
     * @throws IllegalArgumentException if there is no such property, or its value is none
     * @throws IllegalStateException if the log cannot be opened
     */
    public KtmTransactionManager create() {
        said.putAll(notTaken());
        var system = SystemInstance.get();
        var manager = new KtmTransactionManager(open(options(system)));
        var inbound = new InboundResources(manager.ktm());
        system.setComponent(InboundRecovery.class, inbound);
        system.addObserver(new ResourceObserver(manager, inbound));
        return manager;
    }

    /** What the configuration says and no setter here has taken: the server would only log it. */
    private static Map<String, String> notTaken() {
        var notTaken = new TreeMap<String, String>();
        if (ExecutionContext.isContextSet()) {
            for (var recipe : ExecutionContext.getContext().getStack()) {
                if (recipe instanceof ObjectRecipe own && own.getType() == KtmFactory.class) {
                    own.getUnsetProperties().forEach((name, value) -> notTaken.put(name, String.valueOf(value)));
                }
            }
        }
        return notTaken;
    }

    private KtmOptions options(SystemInstance system) {
        var builder = KtmOptions.builder();
        try {
            said.forEach(builder::option);
            var base = system.getBase().getDirectory().toPath();
            if (said.containsKey(LOG_DIRECTORY)) {
                builder.logDirectory(
                        base.resolve(Path.of(said.get(LOG_DIRECTORY).strip())));
            } else if (!Boolean.parseBoolean(
                    said.getOrDefault(IN_MEMORY, "false").strip())) {
                builder.logDirectory(base.resolve(DEFAULT_LOG_DIRECTORY));
            }
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the properties of the transaction manager, " + KtmFactory.class.getName() + ": " + e.getMessage(),
                    e);
        }
    }

    private static Ktm open(KtmOptions options) {
        try {
            return Ktm.open(options);
        } catch (KtmOpenException e) {
            throw new IllegalStateException(
                    "the transaction manager cannot be opened; the property " + LOG_DIRECTORY + " of "
                            + KtmFactory.class.getName() + " says where its log is, "
                            + options.logDirectory().map(Path::toString).orElse("which is nowhere") + ": "
                            + e.getMessage(),
                    e);
        }
    }
}
