package dev.ktm.spring;

import dev.ktm.console.Sample;
import dev.ktm.log.LogStats;
import dev.ktm.operator.DamageView;
import dev.ktm.operator.DamagedView;
import dev.ktm.operator.EnlistmentView;
import dev.ktm.operator.ManagerView;
import dev.ktm.operator.ParticipantView;
import dev.ktm.operator.ReportView;
import dev.ktm.operator.ResourceManagerView;
import dev.ktm.operator.TransactionView;
import dev.ktm.rm.OperatorAct;
import dev.ktm.tm.TransactionCounts;
import java.sql.CallableStatement;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** What a native image has to keep of the classes that are used by their names or through proxies. */
final class KtmRuntimeHints implements RuntimeHintsRegistrar {

    private static final List<Class<?>> PROXIED = List.of(
            Statement.class, PreparedStatement.class, CallableStatement.class, ResultSet.class, DatabaseMetaData.class);

    /** Virtual threads, on Java that has them, and what a driver tells of its connection. */
    private static final List<String> BY_NAME = List.of(
            "java.lang.Thread",
            "java.lang.Thread$Builder",
            "java.lang.Thread$Builder$OfVirtual",
            "java.lang.BaseVirtualThread",
            "java.util.concurrent.Executors",
            "org.postgresql.jdbc.PgConnection",
            "org.postgresql.core.BaseConnection");

    /** Records that are written as JSON by their components. */
    private static final List<Class<?>> VIEWS = List.of(
            ManagerView.class,
            ManagerView.LogView.class,
            TransactionView.class,
            TransactionView.StateView.class,
            TransactionView.OwnerView.class,
            ParticipantView.class,
            EnlistmentView.class,
            ResourceManagerView.class,
            ReportView.class,
            DamageView.class,
            DamagedView.class,
            OperatorAct.class,
            TransactionCounts.class,
            LogStats.class,
            Sample.class);

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader loader) {
        Stream.of(TakesPart.DATABASES, TakesPart.BROKERS, List.of(TakesPart.SPRING_BROKERS))
                .flatMap(List::stream)
                .forEach(each -> hints.reflection().registerTypeIfPresent(loader(loader), each));
        VIEWS.forEach(each -> hints.reflection().registerType(each, MemberCategory.INVOKE_PUBLIC_METHODS));
        // The page of the console and its parts.
        hints.resources().registerPattern("dev/ktm/console/*");
        PROXIED.forEach(each -> hints.proxies().registerJdkProxy(each));
        BY_NAME.forEach(each ->
                hints.reflection().registerTypeIfPresent(loader(loader), each, MemberCategory.INVOKE_PUBLIC_METHODS));
    }

    private static ClassLoader loader(@Nullable ClassLoader given) {
        return given == null ? KtmRuntimeHints.class.getClassLoader() : given;
    }
}
