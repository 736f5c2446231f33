package dev.ktm.file;

import java.util.OptionalLong;

/**
 * What is known of an open file.
 *
 * @param existed whether there was such a file when it was opened; false if opening has made it
 * @param baseVersion the committed version that a reader in a transaction sees, as long as it has the file open; empty for whoever
 *     writes, and outside of transactions
 * @param latestVersion the latest committed version: grows by one with each commit while somebody has the file open, and begins
 *     again once nobody has; empty where there is no base version
 */
public record OpenedFile(boolean existed, OptionalLong baseVersion, OptionalLong latestVersion) {

    static OpenedFile withoutVersions(boolean existed) {
        return new OpenedFile(existed, OptionalLong.empty(), OptionalLong.empty());
    }
}
