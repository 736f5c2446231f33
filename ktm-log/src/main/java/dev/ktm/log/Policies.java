package dev.ktm.log;

import dev.ktm.log.format.LogMetadata;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The installed policies. Guarded by the administration lock. */
final class Policies {

    private final Map<Class<? extends LogPolicy>, LogPolicy> installed = new HashMap<>();

    /** Those that a log is opened with. */
    Policies(Iterable<LogPolicy> first) throws LogRefusedException {
        for (var policy : first) {
            install(policy, false);
        }
    }

    void install(LogPolicy policy, boolean overwrite) throws LogRefusedException {
        if (!overwrite && installed.containsKey(policy.getClass())) {
            throw new LogRefusedException(
                    LogError.POLICY_ALREADY_INSTALLED,
                    "a policy " + policy.getClass().getSimpleName() + " is installed: "
                            + installed.get(policy.getClass()));
        }
        int minimum = policy instanceof LogPolicy.MinimumSize wanted ? wanted.containers() : minimum();
        int maximum = policy instanceof LogPolicy.MaximumSize wanted ? wanted.containers() : maximum(Integer.MAX_VALUE);
        if (minimum > maximum) {
            throw new LogRefusedException(
                    LogError.POLICY_INVALID,
                    "expected minimum size <= maximum size, found " + minimum + " > " + maximum);
        }
        installed.put(policy.getClass(), policy);
    }

    void remove(Class<? extends LogPolicy> type) throws LogRefusedException {
        if (installed.remove(type) == null) {
            throw new LogRefusedException(
                    LogError.POLICY_NOT_INSTALLED, "no policy " + type.getSimpleName() + " is installed");
        }
    }

    <P extends LogPolicy> Optional<P> get(Class<P> type) {
        return Optional.ofNullable(installed.get(type)).map(type::cast);
    }

    int minimum() {
        return get(LogPolicy.MinimumSize.class)
                .map(LogPolicy.MinimumSize::containers)
                .orElse(Containers.FEWEST);
    }

    int maximum(int withoutPolicy) {
        return get(LogPolicy.MaximumSize.class)
                .map(LogPolicy.MaximumSize::containers)
                .orElse(withoutPolicy);
    }

    /** How many containers a growth adds; 0 if no policy allows growing or the log is as large as it may be. */
    int growth(int present) {
        boolean allowed = autoGrow()
                || installed.containsKey(LogPolicy.MaximumSize.class)
                || installed.containsKey(LogPolicy.GrowthRate.class);
        if (!allowed) {
            return 0;
        }
        int maximum = Math.min(maximum(LogMetadata.MAX_CONTAINERS - 1), LogMetadata.MAX_CONTAINERS);
        int wanted =
                get(LogPolicy.GrowthRate.class).map(rate -> rate.of(present)).orElse(1);
        return Math.max(0, Math.min(Math.max(1, wanted), maximum - present));
    }

    boolean autoGrow() {
        return get(LogPolicy.AutoGrow.class).map(LogPolicy.AutoGrow::enabled).orElse(false);
    }

    /** The name of a new container: with its number unless a policy says otherwise, with a later one if it is taken. */
    String nextFileName(int number, Set<String> taken) {
        var prefix = get(LogPolicy.ContainerPrefix.class)
                .map(LogPolicy.ContainerPrefix::prefix)
                .orElse("ktm-");
        var extension = get(LogPolicy.ContainerExtension.class)
                .map(LogPolicy.ContainerExtension::extension)
                .orElse("log");
        var ending = extension.isEmpty() ? "" : "." + extension;
        var policy = get(LogPolicy.ContainerSuffix.class);
        int suffix = policy.map(LogPolicy.ContainerSuffix::next).orElse(number);
        while (taken.contains(prefix + suffix + ending)) {
            suffix++;
        }
        if (policy.isPresent()) {
            installed.put(LogPolicy.ContainerSuffix.class, new LogPolicy.ContainerSuffix(suffix + 1));
        }
        return prefix + suffix + ending;
    }
}
