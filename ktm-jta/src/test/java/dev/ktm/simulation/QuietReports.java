package dev.ktm.simulation;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Keeps the hundreds of thousands of reports of simulated transactions out of the log of the tests. */
final class QuietReports implements BeforeEachCallback, AfterEachCallback {

    private final Logger logger = Logger.getLogger("dev.ktm");
    private @Nullable Level former;

    @Override
    public void beforeEach(ExtensionContext context) {
        former = logger.getLevel();
        logger.setLevel(Level.OFF);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        logger.setLevel(former);
    }
}
