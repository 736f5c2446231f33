package dev.ktm.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which property to change. */
final class PropertyFailureAnalyzer extends AbstractFailureAnalyzer<PropertyException> {

    @Override
    protected FailureAnalysis analyze(Throwable root, PropertyException cause) {
        return new FailureAnalysis(cause.getMessage(), cause.advice(), cause);
    }
}
