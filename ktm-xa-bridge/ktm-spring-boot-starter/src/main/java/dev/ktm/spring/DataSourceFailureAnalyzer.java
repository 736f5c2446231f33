package dev.ktm.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which properties to change if a data source cannot be opened. */
final class DataSourceFailureAnalyzer extends AbstractFailureAnalyzer<DataSourceOpenException> {

    @Override
    protected FailureAnalysis analyze(Throwable root, DataSourceOpenException cause) {
        return new FailureAnalysis(
                cause.getMessage(),
                "Check what the bean \"" + cause.beanName() + "\" is made of: for the one of Spring Boot the properties"
                        + " spring.datasource.url, .username, .password and .xa.data-source-class-name. If another user"
                        + " finishes branches after a crash, check ktm.datasource." + cause.beanName()
                        + ".recovery-user and .recovery-password. What a driver is told stands in"
                        + " spring.datasource.xa.properties.*, not in spring.datasource.hikari.*, which is the pool's.",
                cause);
    }
}
