package dev.ktm.spring;

import jakarta.jms.ConnectionFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeSet;
import javax.sql.DataSource;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.util.ClassUtils;

/** Refuses properties of beans that are not there: a misspelt name would have branches looked for under another. */
final class BeansThatAreNamed implements SmartInitializingSingleton {

    private final KtmProperties properties;
    private final ListableBeanFactory beans;

    BeansThatAreNamed(KtmProperties properties, ListableBeanFactory beans) {
        this.properties = properties;
        this.beans = beans;
    }

    @Override
    public void afterSingletonsInstantiated() {
        check("ktm.datasource.", properties.getDatasource(), DataSource.class);
        if (!properties.getJms().isEmpty()) {
            boolean hasMessaging = ClassUtils.isPresent(
                    "jakarta.jms.ConnectionFactory", getClass().getClassLoader());
            check("ktm.jms.", properties.getJms(), hasMessaging ? ConnectionFactory.class : Void.class);
        }
    }

    private void check(String prefix, Map<String, ?> said, Class<?> type) {
        if (said.isEmpty()) {
            return;
        }
        var known = new TreeSet<String>();
        for (var name : beans.getBeanNamesForType(type, true, false)) {
            known.add(name);
            known.addAll(Arrays.asList(beans.getAliases(name)));
        }
        for (var name : said.keySet()) {
            if (known.stream().noneMatch(each -> KtmProperties.uniform(each).equals(KtmProperties.uniform(name)))) {
                throw new PropertyException(
                        prefix + name,
                        "expected the name of a bean of type " + type.getSimpleName() + " after " + prefix
                                + ", of which there "
                                + (known.isEmpty() ? "are none" : "are " + String.join(", ", known)) + "; found "
                                + name,
                        null);
            }
        }
    }
}
