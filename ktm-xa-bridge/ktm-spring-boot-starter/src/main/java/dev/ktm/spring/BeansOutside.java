package dev.ktm.spring;

import jakarta.jms.ConnectionFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.springframework.beans.BeansException;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/** Warns of data sources and connection factories that are not part of transactions: what is done with them is done at once. */
final class BeansOutside implements SmartInitializingSingleton {

    private static final System.Logger LOGGER = System.getLogger(BeansOutside.class.getName());
    /** The one that Spring Boot makes for those who want none that takes part. */
    private static final String NOT_XA = "nonXaJmsConnectionFactory";

    private final KtmProperties properties;
    private final ConfigurableListableBeanFactory beans;

    BeansOutside(KtmProperties properties, ConfigurableListableBeanFactory beans) {
        this.properties = properties;
        this.beans = beans;
    }

    @Override
    public void afterSingletonsInstantiated() {
        if (TakesPart.hasDatabases()) {
            warn(
                    DataSource.class,
                    TakesPart.Databases::takesPart,
                    TakesPart.Databases::isSourceOf,
                    "data source \"%s\" (%s) is not part of transactions: what is done with it is committed at once, and stays"
                            + " when the transaction is rolled back. Have XADataSourceWrapper make it of the driver's"
                            + " XADataSource, or make it a last resource"
                            + " (KtmDataSource.builder(ktm, \"%1$s\").lastResource(…).open());");
        }
        if (TakesPart.hasBrokers()) {
            warn(
                    ConnectionFactory.class,
                    TakesPart.Brokers::takesPart,
                    TakesPart.Brokers::isSourceOf,
                    "connection factory \"%s\" (%s) is not part of transactions: what is sent with it is sent at once, and a"
                            + " listener that fails loses its message. Have XAConnectionFactoryWrapper make it of the broker's"
                            + " XAConnectionFactory;");
        }
    }

    private <T> void warn(Class<T> type, Predicate<T> takesPart, BiPredicate<T, List<T>> isSourceOf, String what) {
        var outside = new LinkedHashMap<String, T>();
        var enlisted = new LinkedHashMap<String, T>();
        made(type).forEach((name, each) -> (takesPart.test(each) ? enlisted : outside).put(name, each));
        outside.forEach((name, each) -> {
            if (!isMeant(name)
                    && !isSourceOf.test(each, List.copyOf(enlisted.values()))
                    && List.of(beans.getDependentBeans(name)).stream().noneMatch(enlisted::containsKey)) {
                LOGGER.log(
                        System.Logger.Level.WARNING,
                        String.format(Locale.ROOT, what, name, each.getClass().getName())
                                + " if this is meant, name it in" + " ktm.outside-transactions");
            }
        });
    }

    /** Those that are there already: nothing is made in order to be looked at. */
    private <T> Map<String, T> made(Class<T> type) {
        var found = new LinkedHashMap<String, T>();
        for (var name : beans.getBeanNamesForType(type, false, false)) {
            if (beans.containsSingleton(name)) {
                try {
                    found.put(name, beans.getBean(name, type));
                } catch (BeansException e) {
                    LOGGER.log(System.Logger.Level.DEBUG, "bean \"" + name + "\" cannot be looked at", e);
                }
            }
        }
        return found;
    }

    private boolean isMeant(String bean) {
        return bean.equals(NOT_XA)
                || properties.getOutsideTransactions().stream()
                        .anyMatch(each -> KtmProperties.uniform(each).equals(KtmProperties.uniform(bean)));
    }
}
