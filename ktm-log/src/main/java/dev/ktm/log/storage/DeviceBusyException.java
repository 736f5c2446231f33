package dev.ktm.log.storage;

import java.io.IOException;

/** The device has an owner already, in this process or another. */
public final class DeviceBusyException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Creates one for the device at this location. */
    public DeviceBusyException(String message) {
        super(message);
    }
}
