package dev.ktm.spring;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/** What an application may say of its transaction manager. Everything has a default that is durable and safe. */
@ConfigurationProperties(prefix = "ktm", ignoreUnknownFields = false)
public class KtmProperties {

    /**
     * Directory of the log, which has to survive restarts and belongs to one running application alone. By default "ktm-log"
     * beside the jar of the application, or, if it has none, where it is started.
     */
    private @Nullable String logDirectory;

    /** What to do with a log that is a copy of another. For one start. */
    private LogCopy logCopy = LogCopy.REFUSED;

    /** Whether the log lies in memory: nothing is recovered after a crash. For tests. */
    private boolean inMemory;

    /** A label for people; nothing depends on it. By default "spring.application.name". */
    private @Nullable String nodeName;

    /** Time after which a transaction is rolled back that says nothing else, in seconds unless it has a unit; zero for never. */
    @DurationUnit(ChronoUnit.SECONDS)
    private Duration defaultTimeout = Duration.ofMinutes(1);

    /** Time between two looks for branches that are left over, in seconds unless it has a unit. */
    @DurationUnit(ChronoUnit.SECONDS)
    private Duration recoveryInterval = Duration.ofSeconds(10);

    /** Whether resource managers are prepared and committed at the same time rather than one after the other. */
    private boolean parallel;

    /** Time after which a call of a resource manager that does not come back is given up, in seconds unless it has a unit; zero for never. */
    @DurationUnit(ChronoUnit.SECONDS)
    private Duration resourceTimeout = Duration.ZERO;

    /** Whether the coordinator is a bean of JMX. */
    private boolean jmx;

    /** Whether the transaction is in the MDC of SLF4J as "ktm.transaction". */
    private boolean mdc = true;

    /** Time after which a transaction that the log has to keep is reported, in seconds unless it has a unit; zero for never. */
    @DurationUnit(ChronoUnit.SECONDS)
    private Duration logPinLimit = Duration.ofMinutes(10);

    /** Whether tools of operators can reach the coordinator over a socket of the machine. */
    private boolean operatorChannel = true;

    /** Directory of that socket; in the directory of temporary files unless it is said. */
    private @Nullable String operatorDirectory;

    /** A page for a browser on the same machine. */
    private final ConsolePage console = new ConsolePage();

    /** Directories that are transactional file systems, by their names. */
    private final Map<String, String> files = new LinkedHashMap<>();

    /** Name of the transactional registry; there is none unless it has one. */
    private @Nullable String registry;

    /** More about data sources, by the names of their beans, with dashes or capitals. */
    private final Map<String, PooledDatabase> datasource = new LinkedHashMap<>();

    /** More about connection factories, by the names of their beans, with dashes or capitals. */
    private final Map<String, Resource> jms = new LinkedHashMap<>();

    /** Names of data sources and connection factories that are not part of transactions on purpose: nobody is warned of them. */
    private Set<String> outsideTransactions = new LinkedHashSet<>();

    /** What to do with a log that is a copy of another. */
    public enum LogCopy {
        /** It is not opened: the original may live, and finish the same transactions. */
        REFUSED,
        /** The original is gone for ever: this is it, on another disk or from a backup. */
        MOVED
    }

    /** A page for a browser on the same machine. */
    public static class ConsolePage {

        /** Whether there is one. "ktm console" tells its link. */
        private boolean enabled;

        /** Its port at 127.0.0.1; zero for any that is free. */
        private int port;

        /** Whether whoever has its link may also act: resolve, force, roll back, forget. */
        private boolean acting;

        /** The secret that a browser has to show, at least 32 letters, digits, hyphens or underscores; made anew each time unless it is said. */
        private @Nullable String token;

        public boolean isEnabled() {
            return enabled;
        }

        public void setEnabled(boolean value) {
            enabled = value;
        }

        public int getPort() {
            return port;
        }

        public void setPort(int value) {
            port = value;
        }

        public boolean isActing() {
            return acting;
        }

        public void setActing(boolean value) {
            acting = value;
        }

        public @Nullable String getToken() {
            return token;
        }

        public void setToken(@Nullable String value) {
            token = value;
        }
    }

    /** More about a data source or a connection factory. */
    public static class Resource {

        /** Name by which its branches are found again after a crash; by default that of its bean. Must never change. */
        private @Nullable String name;

        /** Who lists and finishes branches after a crash, if that is somebody else. */
        private @Nullable String recoveryUser;

        /** Password of the recovery user. */
        private @Nullable String recoveryPassword;

        public @Nullable String getName() {
            return name;
        }

        public void setName(@Nullable String value) {
            name = value;
        }

        public @Nullable String getRecoveryUser() {
            return recoveryUser;
        }

        public void setRecoveryUser(@Nullable String value) {
            recoveryUser = value;
        }

        public @Nullable String getRecoveryPassword() {
            return recoveryPassword;
        }

        public void setRecoveryPassword(@Nullable String value) {
            recoveryPassword = value;
        }
    }

    /** More about a data source. */
    public static class PooledDatabase extends Resource {

        /** The pool, in the terms of HikariCP; for the bean "dataSource" also as "spring.datasource.hikari". */
        private final Map<String, String> hikari = new LinkedHashMap<>();

        public Map<String, String> getHikari() {
            return hikari;
        }
    }

    /** Bean names have capitals where properties have dashes. */
    static String uniform(String name) {
        return name.replace("-", "").toLowerCase(Locale.ROOT);
    }

    public @Nullable String getLogDirectory() {
        return logDirectory;
    }

    public void setLogDirectory(@Nullable String value) {
        logDirectory = value;
    }

    public LogCopy getLogCopy() {
        return logCopy;
    }

    public void setLogCopy(LogCopy value) {
        logCopy = value;
    }

    public boolean isJmx() {
        return jmx;
    }

    public void setJmx(boolean value) {
        jmx = value;
    }

    public boolean isMdc() {
        return mdc;
    }

    public void setMdc(boolean value) {
        mdc = value;
    }

    public boolean isInMemory() {
        return inMemory;
    }

    public void setInMemory(boolean value) {
        inMemory = value;
    }

    public @Nullable String getNodeName() {
        return nodeName;
    }

    public void setNodeName(@Nullable String value) {
        nodeName = value;
    }

    public Duration getDefaultTimeout() {
        return defaultTimeout;
    }

    public void setDefaultTimeout(Duration value) {
        defaultTimeout = value;
    }

    public Duration getRecoveryInterval() {
        return recoveryInterval;
    }

    public void setRecoveryInterval(Duration value) {
        recoveryInterval = value;
    }

    public boolean isParallel() {
        return parallel;
    }

    public void setParallel(boolean value) {
        parallel = value;
    }

    public Duration getResourceTimeout() {
        return resourceTimeout;
    }

    public void setResourceTimeout(Duration value) {
        resourceTimeout = value;
    }

    public Duration getLogPinLimit() {
        return logPinLimit;
    }

    public void setLogPinLimit(Duration value) {
        logPinLimit = value;
    }

    public boolean isOperatorChannel() {
        return operatorChannel;
    }

    public void setOperatorChannel(boolean value) {
        operatorChannel = value;
    }

    public @Nullable String getOperatorDirectory() {
        return operatorDirectory;
    }

    public void setOperatorDirectory(@Nullable String value) {
        operatorDirectory = value;
    }

    public ConsolePage getConsole() {
        return console;
    }

    public Map<String, String> getFiles() {
        return files;
    }

    public @Nullable String getRegistry() {
        return registry;
    }

    public void setRegistry(@Nullable String value) {
        registry = value;
    }

    public Map<String, PooledDatabase> getDatasource() {
        return datasource;
    }

    public Map<String, Resource> getJms() {
        return jms;
    }

    public Set<String> getOutsideTransactions() {
        return outsideTransactions;
    }

    public void setOutsideTransactions(Set<String> value) {
        outsideTransactions = value;
    }
}
