package dev.ktm.spring;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.BeanFactory;

/**
 * How a bean is called.
 *
 * @param name by which its branches are found again after a crash; the same whether it has a scope or not
 * @param all by which properties may speak of it
 */
record BeanNames(String name, List<String> all) {

    /**
     * Of the bean that its factory calls so.
     *
     * @throws IllegalStateException if this is no name that stays the same
     */
    static BeanNames of(String given, @Nullable BeanFactory beans) {
        var name = withoutScope(given);
        if (name.indexOf('#') >= 0) {
            // Spring's for what has none: with a number, or with what is another one in each process.
            throw new IllegalStateException("expected a bean with a name that stays the same, found \"" + name
                    + "\", which is part of another or has no name: make it a bean of its own, returned from a method with"
                    + " @Bean; branches are found again by the name of the bean");
        }
        var all = new ArrayList<>(List.of(name));
        if (beans != null) {
            all.addAll(List.of(beans.getAliases(name)));
        }
        return new BeanNames(name, List.copyOf(all));
    }

    /** A bean with a scope stands behind a proxy that has its name. */
    static String withoutScope(String name) {
        return ScopedProxyUtils.isScopedTarget(name) ? ScopedProxyUtils.getOriginalBeanName(name) : name;
    }

    /** Whether a property that says this speaks of the bean; bean names have capitals where properties have dashes. */
    boolean has(String said) {
        return all.stream().anyMatch(each -> KtmProperties.uniform(each).equals(KtmProperties.uniform(said)));
    }

    /** What is said of it below a prefix. */
    <T> Optional<T> find(String prefix, Map<String, T> said) {
        var found = new LinkedHashMap<String, T>();
        said.forEach((key, each) -> {
            if (has(key)) {
                found.putIfAbsent(KtmProperties.uniform(key), each);
            }
        });
        if (found.size() > 1) {
            throw new PropertyException(
                    prefix + name,
                    "expected one name of the bean \"" + name + "\" in properties, found "
                            + String.join(", ", found.keySet()));
        }
        return found.values().stream().findFirst();
    }
}
