package dev.ktm.spring;

import dev.ktm.jdbc.KtmDataSource;
import dev.ktm.jms.KtmConnectionFactory;
import jakarta.jms.ConnectionFactory;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;
import org.springframework.jms.connection.DelegatingConnectionFactory;
import org.springframework.jms.connection.SingleConnectionFactory;
import org.springframework.util.ClassUtils;

/** Whether what a bean gives takes part in transactions, however it is wrapped. In doubt it does: nobody is warned in vain. */
final class TakesPart {

    /** What there is where there are data sources. */
    static final List<String> DATABASES = List.of(
            "org.springframework.boot.jdbc.XADataSourceWrapper",
            "org.springframework.jdbc.datasource.DelegatingDataSource",
            "dev.ktm.jdbc.KtmDataSource");

    /** What there is where there are brokers. */
    static final List<String> BROKERS = List.of(
            "org.springframework.boot.jms.XAConnectionFactoryWrapper",
            "jakarta.jms.XAConnectionFactory",
            "dev.ktm.jms.KtmConnectionFactory");

    /** What there is where Spring wraps them. */
    static final String SPRING_BROKERS = "org.springframework.jms.connection.SingleConnectionFactory";

    private TakesPart() {}

    static boolean hasDatabases() {
        return DATABASES.stream().allMatch(TakesPart::isPresent);
    }

    static boolean hasBrokers() {
        return BROKERS.stream().allMatch(TakesPart::isPresent);
    }

    /** Data sources. Loaded where there are such things only. */
    static final class Databases {

        private Databases() {}

        /** Whether a data source is one of KTM's, or leads to such ones only. */
        static boolean takesPart(DataSource source) {
            try {
                return leadsInside(source);
            } catch (SQLException | RuntimeException e) {
                // Of another scope, or of a server that cannot be reached.
                return true;
            }
        }

        /** Whether a data source reads what "ktm.datasource" says of it. */
        static boolean isNamed(DataSource source) {
            try {
                return source.isWrapperFor(BeanDataSource.class);
            } catch (SQLException | RuntimeException e) {
                return true;
            }
        }

        /** Whether one of these, which take part, has its connections of this one. */
        static boolean isSourceOf(DataSource raw, List<DataSource> enlisted) {
            return enlisted.stream().anyMatch(each -> {
                try {
                    return each.isWrapperFor(raw.getClass()) && each.unwrap(raw.getClass()) == raw;
                } catch (SQLException | RuntimeException e) {
                    return false;
                }
            });
        }

        private static boolean leadsInside(DataSource source) throws SQLException {
            return source instanceof AbstractRoutingDataSource routing
                    ? Stream.concat(
                                    routing.getResolvedDataSources().values().stream(),
                                    Stream.ofNullable(routing.getResolvedDefaultDataSource()))
                            .allMatch(Databases::takesPart)
                    : source.isWrapperFor(KtmDataSource.class);
        }
    }

    /** Connection factories. Loaded where there are such things only. */
    static final class Brokers {

        private static final boolean HAS_SPRING = isPresent(SPRING_BROKERS);

        private Brokers() {}

        static boolean takesPart(ConnectionFactory factory) {
            return factory instanceof KtmConnectionFactory
                    || factory instanceof BeanConnectionFactory
                    || isOfAnotherScope(factory)
                    || behind(factory).map(Brokers::takesPart).orElse(false);
        }

        /** Whether a connection factory reads what "ktm.jms" says of it. */
        static boolean isNamed(ConnectionFactory factory) {
            return factory instanceof BeanConnectionFactory
                    || isOfAnotherScope(factory)
                    || behind(factory).map(Brokers::isNamed).orElse(false);
        }

        /** Whether one of these, which take part, is made of this one. */
        static boolean isSourceOf(ConnectionFactory raw, List<ConnectionFactory> enlisted) {
            return enlisted.stream().anyMatch(each -> each instanceof BeanConnectionFactory made && made.isMadeOf(raw));
        }

        private static boolean isOfAnotherScope(ConnectionFactory factory) {
            return factory instanceof Advised advised
                    && !advised.getTargetSource().isStatic();
        }

        private static Optional<ConnectionFactory> behind(ConnectionFactory factory) {
            if (AopProxyUtils.getSingletonTarget(factory) instanceof ConnectionFactory target) {
                return Optional.of(target);
            }
            return HAS_SPRING ? Optional.ofNullable(Wrappers.behind(factory)) : Optional.empty();
        }

        /** Those that Spring puts around others. */
        private static final class Wrappers {

            private Wrappers() {}

            static @Nullable ConnectionFactory behind(ConnectionFactory factory) {
                if (factory instanceof DelegatingConnectionFactory delegating) {
                    return delegating.getTargetConnectionFactory();
                }
                return factory instanceof SingleConnectionFactory single ? single.getTargetConnectionFactory() : null;
            }
        }
    }

    private static boolean isPresent(String type) {
        return ClassUtils.isPresent(type, TakesPart.class.getClassLoader());
    }
}
