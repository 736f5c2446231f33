package dev.ktm.spring;

/** A data source could not be opened. */
final class DataSourceOpenException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final String beanName;

    DataSourceOpenException(String beanName, Exception why) {
        super("data source \"" + beanName + "\" cannot be opened: " + why.getMessage(), why);
        this.beanName = beanName;
    }

    String beanName() {
        return beanName;
    }
}
