package dev.ktm.spring;

import dev.ktm.KtmOptions;

/** A bean that says more of the coordinator than properties can: a listener for reports, a log of its own. */
@FunctionalInterface
public interface KtmCustomizer {

    /** Changes the options before the coordinator is opened. */
    void customize(KtmOptions.Builder options);
}
