package dev.ktm.spring;

import jakarta.jms.ConnectionFactory;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Refuses properties of beans that are not there, or that do not read them: a misspelt name would have branches looked for under
 * another.
 */
final class BeansThatAreNamed implements SmartInitializingSingleton {

    private final KtmProperties properties;
    private final ConfigurableListableBeanFactory beans;

    BeansThatAreNamed(KtmProperties properties, ConfigurableListableBeanFactory beans) {
        this.properties = properties;
        this.beans = beans;
    }

    @Override
    public void afterSingletonsInstantiated() {
        if (!properties.getDatasource().isEmpty()) {
            check(
                    "ktm.datasource.",
                    properties.getDatasource().keySet(),
                    DataSource.class,
                    TakesPart.hasDatabases() ? TakesPart.Databases::isNamed : each -> false,
                    "XADataSourceWrapper");
        }
        if (!properties.getJms().isEmpty()) {
            if (TakesPart.hasBrokers()) {
                check(
                        "ktm.jms.",
                        properties.getJms().keySet(),
                        ConnectionFactory.class,
                        TakesPart.Brokers::isNamed,
                        "XAConnectionFactoryWrapper");
            } else {
                check("ktm.jms.", properties.getJms().keySet(), Void.class, each -> false, "");
            }
        }
        properties.getOutsideTransactions().forEach(this::requireBean);
    }

    private <T> void check(String prefix, Collection<String> said, Class<T> type, Predicate<T> reads, String wrapper) {
        var known = new TreeMap<String, BeanNames>();
        for (var name : beans.getBeanNamesForType(type, true, false)) {
            if (name.indexOf('#') < 0) {
                known.put(name, BeanNames.of(name, beans));
            }
        }
        for (var name : said) {
            var meant = new TreeMap<>(known);
            meant.values().removeIf(each -> !each.has(name));
            if (meant.isEmpty()) {
                var all = new TreeSet<String>();
                known.values().forEach(each -> all.addAll(each.all()));
                throw new PropertyException(
                        prefix + name,
                        "expected the name of a bean of type " + type.getSimpleName() + " after " + prefix
                                + ", of which there "
                                + (all.isEmpty() ? "are none" : "are " + String.join(", ", all)) + "; found " + name);
            }
            for (var bean : meant.keySet()) {
                // One that is made later may be of the right kind.
                if (beans.containsSingleton(bean)) {
                    var made = beans.getBean(bean, type);
                    if (!reads.test(made)) {
                        throw new PropertyException(
                                prefix + name,
                                "expected the name of a bean that " + wrapper + " has made, found \"" + bean + "\" ("
                                        + made.getClass().getName() + "), for which it does nothing");
                    }
                }
            }
        }
    }

    private void requireBean(String said) {
        var all = List.of(beans.getBeanDefinitionNames());
        if (all.stream()
                .map(BeanNames::withoutScope)
                .noneMatch(each -> KtmProperties.uniform(each).equals(KtmProperties.uniform(said)))) {
            throw new PropertyException(
                    "ktm.outside-transactions", "expected names of beans, found " + said + ", which there is not");
        }
    }
}
