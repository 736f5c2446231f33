package dev.ktm.spring;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What the build is told below "ktm." is not for applications, which would refuse it. Found by JUnit. */
public final class BuildProperties implements BeforeAllCallback {

    @Override
    public void beforeAll(ExtensionContext context) {
        System.getProperties().keySet().removeIf(each -> each.toString().startsWith("ktm."));
    }
}
