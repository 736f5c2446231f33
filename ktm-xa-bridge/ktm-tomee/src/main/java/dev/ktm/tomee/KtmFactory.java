package dev.ktm.tomee;

import dev.ktm.Ktm;
import dev.ktm.KtmOpenException;
import dev.ktm.KtmOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.openejb.assembler.classic.OpenEjbConfiguration;
import org.apache.openejb.assembler.classic.TransactionServiceInfo;
import org.apache.openejb.core.mdb.InboundRecovery;
import org.apache.openejb.loader.SystemInstance;
import org.apache.openejb.resource.XAResourceWrapper;

/**
 * Opens the coordinator of a server, which the server's configuration asks for:
 *
 * <pre>{@code
 * <TransactionManager id="ktm" class-name="dev.ktm.tomee.KtmFactory" factory-name="create">
 *     logDirectory = data/ktm-log
 * </TransactionManager>
 * }</pre>
 *
 * <p>The properties are those of {@link KtmOptions.Builder#option}; OpenEJB does not mind their case. A directory that is relative is
 * one below the base of the server, and {@value #DEFAULT_LOG_DIRECTORY} is the default: only {@code inMemory = true} keeps no log.
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

    /**
     * Opens the coordinator, and has the server tell it of every resource that takes part in transactions. It is closed by the
     * server, when it stops.
     *
     * @throws IllegalArgumentException if there is no such property, or its value is none
     * @throws IllegalStateException if the log cannot be opened
     */
    public KtmTransactionManager create() {
        var system = SystemInstance.get();
        var service = Optional.ofNullable(system.getComponent(OpenEjbConfiguration.class))
                .map(configuration -> configuration.facilities.transactionService);
        var id = service.map(each -> each.id).orElse("TransactionManager");
        service.ifPresent(this::addUnknown);

        var manager = new KtmTransactionManager(open(id, options(id, system)));
        var inbound = new InboundResources(manager.ktm());
        system.setComponent(InboundRecovery.class, inbound);
        system.setComponent(XAResourceWrapper.class, inbound);
        system.addObserver(new ResourceObserver(manager));
        return manager;
    }

    /**
     * The server would only log what nobody has taken. Properties of the system that happen to begin with the id of the service are
     * meant for somebody else.
     */
    private void addUnknown(TransactionServiceInfo service) {
        for (var name : service.properties.stringPropertyNames()) {
            if (System.getProperty(service.id + "." + name) == null) {
                said.putIfAbsent(name, service.properties.getProperty(name));
            }
        }
    }

    private KtmOptions options(String id, SystemInstance system) {
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
                    "the properties of the transaction manager " + id + ": " + e.getMessage(), e);
        }
    }

    private static Ktm open(String id, KtmOptions options) {
        try {
            return Ktm.open(options);
        } catch (KtmOpenException e) {
            throw new IllegalStateException(
                    "the transaction manager " + id + " cannot be opened; its property " + LOG_DIRECTORY
                            + " says where its log is, "
                            + options.logDirectory().map(Path::toString).orElse("which is nowhere") + ": "
                            + e.getMessage(),
                    e);
        }
    }
}
