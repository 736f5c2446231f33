package dev.ktm.cdi;

import jakarta.enterprise.inject.spi.Annotated;
import jakarta.enterprise.inject.spi.AnnotatedMethod;
import jakarta.enterprise.inject.spi.AnnotatedType;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.transaction.Transactional;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which exceptions roll back, for every method of every bean: what stands at the method, else at its class, in both cases also by way
 * of another interceptor binding, else at one of its stereotypes (Jakarta Transactions 2.0 §3.7). Taken from the container's view of the classes, which other extensions may have
 * changed. Safe for many threads.
 */
final class TransactionalRules {

    private final Map<Class<?>, OfBean> beans = new ConcurrentHashMap<>();

    private record OfBean(
            Map<Method, Transactional> methods, @Nullable Transactional bean) {}

    void note(AnnotatedType<?> type, BeanManager manager) {
        var methods = new HashMap<Method, Transactional>();
        for (AnnotatedMethod<?> method : type.getMethods()) {
            var own = find(method, manager);
            if (own != null) {
                methods.put(method.getJavaMember(), own);
            }
        }
        var whole = find(type, manager);
        if (whole != null || !methods.isEmpty()) {
            beans.put(type.getJavaClass(), new OfBean(methods, whole));
        }
    }

    private static @Nullable Transactional find(Annotated annotated, BeanManager manager) {
        var own = annotated.getAnnotation(Transactional.class);
        return own != null ? own : find(annotated.getAnnotations(), manager);
    }

    /** Itself, else what comes with another interceptor binding, else what comes with a stereotype. */
    private static @Nullable Transactional find(Set<Annotation> annotations, BeanManager manager) {
        var types = annotations.stream().map(Annotation::annotationType).toList();
        return Stream.of(
                        annotations.stream(),
                        types.stream()
                                .filter(manager::isInterceptorBinding)
                                .map(type -> find(manager.getInterceptorBindingDefinition(type), manager)),
                        types.stream()
                                .filter(manager::isStereotype)
                                .map(type -> find(manager.getStereotypeDefinition(type), manager)))
                .flatMap(found -> found)
                .filter(Transactional.class::isInstance)
                .map(Transactional.class::cast)
                .findFirst()
                .orElse(null);
    }

    /**
     * Whether an exception rolls back what the method has done. What must not comes first, then what must; otherwise all do but
     * checked exceptions.
     */
    boolean rollsBack(Class<?> bean, Method method, Throwable thrown) {
        var rule = ruleOf(bean, method);
        if (rule != null) {
            if (isOneOf(thrown, rule.dontRollbackOn())) {
                return false;
            }
            if (isOneOf(thrown, rule.rollbackOn())) {
                return true;
            }
        }
        return thrown instanceof RuntimeException || thrown instanceof Error;
    }

    private @Nullable Transactional ruleOf(Class<?> bean, Method method) {
        var known = beans.get(bean);
        if (known == null) {
            return null;
        }
        var own = known.methods().get(method);
        return own != null ? own : known.bean();
    }

    private static boolean isOneOf(Throwable thrown, Class<?>[] types) {
        return Stream.of(types).anyMatch(type -> type.isInstance(thrown));
    }
}
