package dev.ktm.log;

import dev.ktm.log.format.LogMetadata;
import dev.ktm.log.format.Names;

/**
 * How a physical log behaves, after the policies of CLFS. Policies are volatile: they go when the log is closed, and
 * installing one changes nothing by itself.
 */
public sealed interface LogPolicy {

    /** The log never has more containers than this. */
    record MaximumSize(int containers) implements LogPolicy {
        /** Refuses sizes that no log can have. */
        public MaximumSize {
            checkContainers(containers);
        }
    }

    /** The log is never made smaller than this. */
    record MinimumSize(int containers) implements LogPolicy {
        /** Refuses sizes that no log can have. */
        public MinimumSize {
            checkContainers(containers);
        }
    }

    /** Size of the containers to come. Possible only before the first container exists. */
    record NewContainerSize(long bytes) implements LogPolicy {
        /** Refuses sizes that no container can have. */
        public NewContainerSize {
            LogOptions.checkContainerBytes(bytes);
        }
    }

    /** How many containers are added when a full log grows: a number of them, or a percentage of what is there. */
    record GrowthRate(int containers, int percent) implements LogPolicy {
        /** Refuses anything but exactly one of the two. */
        public GrowthRate {
            if (containers < 0 || percent < 0 || percent > 10_000 || (containers == 0) == (percent == 0)) {
                throw new IllegalArgumentException("expected either containers or percent to be positive, found "
                        + containers + " and " + percent);
            }
        }

        /** So many containers each time. */
        public static GrowthRate ofContainers(int containers) {
            return new GrowthRate(containers, 0);
        }

        /** So many percent of the present containers, rounded down. */
        public static GrowthRate ofPercent(int percent) {
            return new GrowthRate(0, percent);
        }

        int of(int present) {
            return containers > 0 ? containers : (int) ((long) present * percent / 100);
        }
    }

    /** How much must be free after clients were asked to advance: a number of containers, or a percentage. */
    record LogTail(int containers, int percent) implements LogPolicy {
        /** Refuses anything but exactly one of the two. */
        public LogTail {
            if (containers < 0 || percent < 0 || percent > 100 || (containers == 0) == (percent == 0)) {
                throw new IllegalArgumentException("expected either containers or a percentage up to 100, found "
                        + containers + " and " + percent);
            }
        }

        /** So many containers. */
        public static LogTail ofContainers(int containers) {
            return new LogTail(containers, 0);
        }

        /** So many percent of the present containers, rounded down, one at least. */
        public static LogTail ofPercent(int percent) {
            return new LogTail(0, percent);
        }

        int of(int present) {
            return containers > 0 ? containers : Math.max(1, (int) ((long) present * percent / 100));
        }
    }

    /** The log gives up containers while more than this percentage of them is free. */
    record AutoShrink(int percent) implements LogPolicy {
        /** Refuses what is no percentage. */
        public AutoShrink {
            if (percent < 0 || percent > 100) {
                throw new IllegalArgumentException("expected a percentage, found " + percent);
            }
        }
    }

    /** Whether the log grows by itself while fewer than two containers are free. */
    record AutoGrow(boolean enabled) implements LogPolicy {}

    /** What the names of new containers start with. */
    record ContainerPrefix(String prefix) implements LogPolicy {
        /** Refuses what cannot start a file name. */
        public ContainerPrefix {
            Names.checkFileName(prefix);
            if (prefix.length() > 40) {
                throw new IllegalArgumentException("expected at most 40 characters, found " + prefix);
            }
        }
    }

    /** The number in the name of the next container; it grows by one with each. */
    record ContainerSuffix(int next) implements LogPolicy {
        /** Refuses negative numbers. */
        public ContainerSuffix {
            if (next < 0) {
                throw new IllegalArgumentException("expected a number from 0 on, found " + next);
            }
        }
    }

    /** What the names of new containers end with, behind a dot; empty for nothing. */
    record ContainerExtension(String extension) implements LogPolicy {
        /** Refuses what cannot end a file name. */
        public ContainerExtension {
            if (!extension.isEmpty()) {
                Names.checkFileName(extension);
            }
            if (("." + extension).endsWith(Containers.ASIDE)) {
                throw new IllegalArgumentException(
                        "expected no ending that stands for unfinished files, found " + extension);
            }
            if (extension.length() > 10) {
                throw new IllegalArgumentException("expected at most 10 characters, found " + extension);
            }
        }
    }

    private static void checkContainers(int containers) {
        if (containers < Containers.FEWEST || containers > LogMetadata.MAX_CONTAINERS) {
            throw new IllegalArgumentException("expected " + Containers.FEWEST + " to " + LogMetadata.MAX_CONTAINERS
                    + " containers, found " + containers);
        }
    }
}
