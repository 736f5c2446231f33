package dev.ktm.proof;

import dev.ktm.servers.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Who can take part in a transaction. */
enum Part {
    H2(Kind.H2),
    DERBY(Kind.DERBY),
    POSTGRESQL(Kind.POSTGRESQL),
    MARIADB(Kind.MARIADB),
    ARTEMIS(Kind.ARTEMIS),
    ACTIVEMQ(Kind.ACTIVEMQ),
    FILES(null),
    REGISTRY(null),
    /** A table of a database without XA, which decides. */
    LAST(null);

    private final @Nullable Kind kind;

    Part(@Nullable Kind kind) {
        this.kind = kind;
    }

    /** Its server; empty if it has none of its own. */
    Optional<Kind> kind() {
        return Optional.ofNullable(kind);
    }

    boolean isBroker() {
        return kind != null && kind.isBroker();
    }

    /** Its name at the coordinator, and in the names of steps. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Those that there are if only these servers run: files and registry always, a last resource if there is a database for it. */
    static List<Part> of(Collection<Kind> kinds) {
        var all = new ArrayList<Part>();
        for (var part : values()) {
            if (part.kind == null ? part != LAST || host(kinds).isPresent() : kinds.contains(part.kind)) {
                all.add(part);
            }
        }
        return all;
    }

    /** Which server has the table of the last resource. */
    static Optional<Kind> host(Collection<Kind> kinds) {
        return Stream.of(Kind.POSTGRESQL, Kind.DERBY, Kind.MARIADB)
                .filter(kinds::contains)
                .findFirst();
    }
}
