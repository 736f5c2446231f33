package dev.ktm.spring;

import dev.ktm.Ktm;
import dev.ktm.file.TransactedFiles;
import dev.ktm.registry.Registry;
import dev.ktm.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.springframework.beans.factory.config.ConstructorArgumentValues;
import org.springframework.beans.factory.config.RuntimeBeanReference;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
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
@Configuration(proxyBeanMethods = false)
@Import(NativeResources.FileSystems.class)
class NativeResources {

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    @ConditionalOnProperty("ktm.registry")
    Registry ktmRegistry(Ktm ktm, Environment environment) {
        try {
            return Registry.open(ktm, environment.getRequiredProperty("ktm.registry"));
        } catch (RegistryException e) {
            throw new PropertyException("ktm.registry", Objects.requireNonNullElse(e.getMessage(), e.toString()), e);
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
            Map<String, String> roots = Binder.get(environment)
                    .bind("ktm.files", Bindable.mapOf(String.class, String.class))
                    .orElse(Map.of());
            // Of an application that is processed ahead of time the names are fixed then; the directories are not.
            roots.keySet().forEach(name -> {
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

        /** Opens one root. */
        static TransactedFiles open(Ktm ktm, Environment environment, String name) {
            var property = "ktm.files." + name;
            try {
                return TransactedFiles.open(ktm, name, Path.of(environment.getRequiredProperty(property)));
            } catch (IOException e) {
                throw new PropertyException(property, Objects.requireNonNullElse(e.getMessage(), e.toString()), e);
            }
        }
    }
}
