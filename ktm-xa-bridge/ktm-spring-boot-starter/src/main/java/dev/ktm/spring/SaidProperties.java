package dev.ktm.spring;

import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.bind.handler.IgnoreTopLevelConverterNotFoundBindHandler;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * What is said of KTM where Spring Boot does not look for names that there are not: the properties of the system, where such are
 * refused, and the environment, which is not the application's alone, where they are warned of. Before anything is made.
 */
final class SaidProperties implements BeanFactoryPostProcessor {

    private static final String PREFIX = "ktm";

    /** What is said of beans and directories, what operators' tools heed, and what Kubernetes says of a service of this name. */
    private static final Pattern ACCEPTED = Pattern.compile(
            "KTM_(?:FILES_.+|(?:DATASOURCE|JMS)_.+_(?:NAME|RECOVERY_?USER|RECOVERY_?PASSWORD)|DATASOURCE_.+_HIKARI_.+"
                    + "|CHANNELS|CLI_JAR|JAVA_OPTS|OUTSIDE_?TRANSACTIONS_\\d+_?|(?:PORT|SERVICE)(?:_.*)?)");

    private final ConfigurableEnvironment environment;

    SaidProperties(ConfigurableEnvironment environment) {
        this.environment = environment;
    }

    /** A property below "ktm." that the application is given; not of the environment, which others write into. */
    static Optional<String> first(ConfigurableEnvironment environment) {
        var prefix = ConfigurationPropertyName.of(PREFIX);
        for (var source : ConfigurationPropertySources.get(environment)) {
            boolean isOfOthers = source.getUnderlyingSource() instanceof PropertySource<?> plain
                    && plain.getName().equals(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
            if (!isOfOthers && source instanceof IterableConfigurationPropertySource names) {
                var found = names.stream().filter(prefix::isAncestorOf).findFirst();
                if (found.isPresent()) {
                    return found.map(ConfigurationPropertyName::toString);
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        var properties =
                environment.getPropertySources().get(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);
        if (properties != null) {
            new Binder(
                            ConfigurationPropertySources.from(properties),
                            new PropertySourcesPlaceholdersResolver(environment))
                    .bind(
                            PREFIX,
                            Bindable.of(KtmProperties.class),
                            new NoUnboundElementsBindHandler(new IgnoreTopLevelConverterNotFoundBindHandler()));
        }
        if (environment.getPropertySources().get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME)
                instanceof EnumerablePropertySource<?> variables) {
            warn(variables);
        }
    }

    private static void warn(EnumerablePropertySource<?> variables) {
        var known = new TreeSet<String>();
        for (var each : BeanUtils.getPropertyDescriptors(KtmProperties.class)) {
            known.add("KTM" + each.getName().toUpperCase(Locale.ROOT));
        }
        var unknown = Stream.of(variables.getPropertyNames())
                .map(each -> each.toUpperCase(Locale.ROOT))
                .filter(each -> each.startsWith("KTM_")
                        && !known.contains(each.replace("_", ""))
                        && !ACCEPTED.matcher(each).matches())
                .sorted()
                .toList();
        if (!unknown.isEmpty()) {
            System.getLogger(SaidProperties.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "expected properties of KTM in the environment below KTM_, found "
                                    + String.join(", ", unknown) + ", of which there is none: misspelt?");
        }
    }
}
