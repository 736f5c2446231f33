package dev.ktm.spring;

import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Says which property of KTM there is not, and not its value as Spring Boot would: it may be a password with a misspelt name. */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class UnknownPropertyFailureAnalyzer extends AbstractFailureAnalyzer<UnboundConfigurationPropertiesException> {

    private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of("ktm");

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable root, UnboundConfigurationPropertiesException cause) {
        var unknown = cause.getUnboundProperties();
        if (unknown.isEmpty() || !unknown.stream().allMatch(each -> PREFIX.isAncestorOf(each.getName()))) {
            return null;
        }
        var found = unknown.stream()
                .map(UnknownPropertyFailureAnalyzer::describe)
                .sorted()
                .collect(Collectors.joining(", "));
        return new FailureAnalysis(
                "expected properties of KTM, found " + found + ", of which there is none",
                "Correct the name, or remove the property.",
                cause);
    }

    private static String describe(ConfigurationProperty property) {
        var origin = property.getOrigin();
        return property.getName() + (origin == null ? "" : " (" + origin + ")");
    }
}
