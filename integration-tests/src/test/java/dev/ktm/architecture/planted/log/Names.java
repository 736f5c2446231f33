package dev.ktm.architecture.planted.log;

final class Names {
    private Names() {}

    record LogImpl() {}

    record LogHelper() {}

    record LogUtil() {}

    record LogUtils() {}

    record LogManager() {}

    record AbstractLog() {}

    record BaseLog() {}

    record ILog() {}

    record JtaTransactionManager() {}

    record ResourceManager() {}

    record BaseLsn() {}

    record BaseLogFile() {}

    record IoFailure() {}

    record Implied() {}

    record Abstraction() {}
}
