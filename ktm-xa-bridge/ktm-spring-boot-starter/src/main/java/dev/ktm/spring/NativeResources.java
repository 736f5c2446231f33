package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.file.TransactedFiles;
import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.springframework.beans.factory.config.ConstructorArgumentValues;
import org.springframework.beans.factory.config.RuntimeBeanReference;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.EnvironmentAware;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.type.AnnotationMetadata;

/** The transactional registry, and a transactional file system for each directory that the properties name. */
final class NativeResources {

    private NativeResources() {}

    /** They write into the coordinator's log. */
    private static void requireLog(Ktm ktm, String property) {
        if (ktm.manager().isVolatile()) {
            throw new PropertyException(
                    "ktm.in-memory",
                    "expected a log for " + property + ", found none: take ktm.in-memory=true away, or " + property);
        }
    }

    /** The registry. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(Registry.class)
    @ConditionalOnProperty("ktm.registry")
    static class Registries {

        @Bean
        static LazyInitializationExcludeFilter ktmRegistryIsNotLazy() {
            return (name, definition, type) -> Registry.class.isAssignableFrom(type);
        }

        @Bean(destroyMethod = "close")
        @ConditionalOnMissingBean
        Registry ktmRegistry(Ktm ktm, Environment environment) {
            requireLog(ktm, "ktm.registry");
            try {
                return Registry.open(ktm, environment.getRequiredProperty("ktm.registry"));
            } catch (RegistryException e) {
                throw new PropertyException(
                        "ktm.registry", Objects.requireNonNullElse(e.getMessage(), e.toString()), e);
            }
        }
    }

    /** The file systems. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(TransactedFiles.class)
    @Import(FileSystems.class)
    static class Directories {

        @Bean
        static LazyInitializationExcludeFilter ktmFilesAreNotLazy() {
            return (name, definition, type) -> TransactedFiles.class.isAssignableFrom(type);
        }
    }

    /** Makes a bean {@code <name>Files} of each entry of {@code ktm.files}. */
    static class FileSystems implements ImportBeanDefinitionRegistrar, EnvironmentAware {

        private Environment environment = new StandardEnvironment();

        @Override
        public void setEnvironment(Environment value) {
            environment = value;
        }

        @Override
        public void registerBeanDefinitions(AnnotationMetadata importing, BeanDefinitionRegistry registry) {
            // Of an application that is processed ahead of time the names are fixed then; the directories are not.
            names().forEach(name -> {
                var definition = new RootBeanDefinition(FileSystems.class);
                definition.setFactoryMethodName("open");
                definition.setTargetType(TransactedFiles.class);
                definition.setDestroyMethodName("close");
                var arguments = new ConstructorArgumentValues();
                arguments.addIndexedArgumentValue(0, new RuntimeBeanReference(Ktm.class));
                arguments.addIndexedArgumentValue(1, new RuntimeBeanReference(Environment.class));
                arguments.addIndexedArgumentValue(2, name);
                definition.setConstructorArgumentValues(arguments);
                registry.registerBeanDefinition(name + "Files", definition);
            });
        }

        /** The environment can only say a directory anew in capitals: the name is that of who says it first. */
        private Collection<String> names() {
            Map<String, String> roots = Binder.get(environment)
                    .bind("ktm.files", Bindable.mapOf(String.class, String.class))
                    .orElse(Map.of());
            var names = new LinkedHashMap<String, String>();
            roots.keySet().forEach(each -> names.put(KtmProperties.uniform(each), each));
            return names.values();
        }

        /** Opens one root. */
        static TransactedFiles open(Ktm ktm, Environment environment, String name) {
            var property = "ktm.files." + name;
            requireLog(ktm, property);
            try {
                return TransactedFiles.open(ktm, name, Path.of(environment.getRequiredProperty(property)));
            } catch (IOException e) {
                throw new PropertyException(property, Objects.requireNonNullElse(e.getMessage(), e.toString()), e);
            }
        }
    }
}
