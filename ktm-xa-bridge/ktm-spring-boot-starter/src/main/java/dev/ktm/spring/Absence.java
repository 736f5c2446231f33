package dev.ktm.spring;

import java.util.Optional;
import java.util.function.Supplier;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.core.env.ConfigurableEnvironment;

/** KTM is not the transaction manager: refused if properties speak of it, said otherwise. */
final class Absence implements SmartInitializingSingleton {

    private final ConfigurableEnvironment environment;
    private final Supplier<String> why;
    private final String advice;

    Absence(ConfigurableEnvironment environment, Supplier<String> why, String advice) {
        this.environment = environment;
        this.why = why;
        this.advice = advice;
    }

    @Override
    public void afterSingletonsInstantiated() {
        Optional<String> said = SaidProperties.first(environment);
        var next = advice + " say so with spring.jta.enabled=false.";
        if (said.isPresent()) {
            throw new PropertyException(
                    said.get(), "expected KTM, found that " + why.get() + ": nothing reads this property", next, null);
        }
        System.getLogger(Absence.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        why.get() + ": nothing is enlisted in transactions or recovered by it. " + next);
    }
}
