/** KTM's durable log. */
module dev.ktm.log {
    requires static org.jspecify;
    requires jdk.unsupported;

    exports dev.ktm.log;
    exports dev.ktm.log.storage;
}
