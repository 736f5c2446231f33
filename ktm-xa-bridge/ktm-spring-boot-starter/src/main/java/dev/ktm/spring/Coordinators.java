package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.KtmOpenException;
import dev.ktm.KtmOptions;
import dev.ktm.log.LogOptions;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.system.ApplicationHome;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

/** How properties and customizers become a coordinator. */
final class Coordinators {

    private static final System.Logger LOGGER = System.getLogger(Coordinators.class.getName());

    private Coordinators() {}

    static KtmOptions options(
            KtmProperties properties,
            Environment environment,
            ObjectProvider<KtmCustomizer> customizers,
            ListableBeanFactory beans) {
        var options = KtmOptions.builder()
                .nodeName(nodeName(properties, environment))
                .parallel(properties.isParallel())
                .jmx(properties.isJmx());
        said("ktm.default-timeout", () -> options.defaultTimeout(properties.getDefaultTimeout()));
        said("ktm.recovery-interval", () -> options.recoveryInterval(properties.getRecoveryInterval()));
        said("ktm.resource-timeout", () -> options.resourceTimeout(properties.getResourceTimeout()));
        said("ktm.log-pin-limit", () -> options.logPinLimit(properties.getLogPinLimit()));
        options.operatorChannel(properties.isOperatorChannel());
        var channels = properties.getOperatorDirectory();
        if (channels != null) {
            said("ktm.operator-directory", () -> options.operatorDirectory(directory(channels)));
        }
        var directory = properties.getLogDirectory();
        if (properties.isInMemory()) {
            options.inMemory();
        } else if (directory != null) {
            said("ktm.log-directory", () -> options.logDirectory(directory(directory)));
        }
        customizers.orderedStream().forEach(each -> each.customize(options));
        if (!options.hasPlace()) {
            options.logDirectory(home(beans).resolve("ktm-log"));
        }
        var built = options.build();
        return properties.getLogCopy() == KtmProperties.LogCopy.MOVED
                ? options.logOptions(moved(built.logOptions())).build()
                : built;
    }

    private static void said(String property, Runnable saying) {
        try {
            saying.run();
        } catch (IllegalArgumentException e) {
            throw new PropertyException(property, Objects.requireNonNullElse(e.getMessage(), e.toString()), e);
        }
    }

    private static String nodeName(KtmProperties properties, Environment environment) {
        var name = properties.getNodeName();
        return name == null ? environment.getProperty("spring.application.name", "") : name;
    }

    private static Path directory(String said) {
        if (said.isBlank()) {
            throw new InvalidPathException(
                    said, "expected a directory, found nothing: without the property there is a default");
        }
        return Path.of(said).toAbsolutePath();
    }

    private static LogOptions moved(LogOptions options) {
        return new LogOptions(
                options.kind(),
                options.containerBytes(),
                options.containers(),
                options.archived(),
                options.idleFlush(),
                LogOptions.Copy.MOVED,
                options.policies());
    }

    /** Beside the jar; what is started from a directory of classes, which the next build may empty, has it where it is started. */
    private static Path home(ListableBeanFactory beans) {
        var started = home((Class<?>) null);
        return started == null ? homeOf(beans) : started;
    }

    /** A jar that was extracted, or that its class path is beside, does not say what it starts. */
    private static Path homeOf(ListableBeanFactory beans) {
        for (var name : beans.getBeanNamesForAnnotation(SpringBootConfiguration.class)) {
            var type = beans.getType(name);
            var home = type == null ? null : home(ClassUtils.getUserClass(type));
            if (home != null) {
                return home;
            }
        }
        return Path.of("").toAbsolutePath();
    }

    /** The directory of the jar that this class is in; null if it is in none. Without a class that which the jar says it starts. */
    static @Nullable Path home(@Nullable Class<?> type) {
        var application = new ApplicationHome(type);
        var source = application.getSource();
        return source != null && source.isFile() ? application.getDir().toPath() : null;
    }

    static Ktm open(KtmOptions options) {
        var directory = options.logDirectory();
        directory.ifPresent(each -> LOGGER.log(System.Logger.Level.INFO, "the log of the coordinator is in " + each));
        try {
            return Ktm.open(options);
        } catch (KtmOpenException e) {
            throw directory.isPresent() ? new LogOpenException(directory.get(), e) : e;
        }
    }
}
