package dev.ktm.spring;

import java.sql.SQLException;

/** A data source could not be opened. */
final class DataSourceOpenException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final String beanName;

    DataSourceOpenException(String beanName, SQLException why) {
        super("data source \"" + beanName + "\" cannot be opened: " + why.getMessage(), why);
        this.beanName = beanName;
    }

    String beanName() {
        return beanName;
    }
}
