package dev.ktm.log;

/** Whether a stream must, may or must not exist when it is opened. */
public enum StreamMode {
    /** It must not exist and is created. */
    CREATE_NEW,
    /** It must exist. */
    OPEN_EXISTING,
    /** It is created if it does not exist. */
    OPEN_ALWAYS
}
