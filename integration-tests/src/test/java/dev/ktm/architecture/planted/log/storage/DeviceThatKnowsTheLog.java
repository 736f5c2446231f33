package dev.ktm.architecture.planted.log.storage;

import dev.ktm.architecture.planted.log.LogThatKnowsItsTool;
import java.nio.channels.FileChannel;

/** Planted. */
public record DeviceThatKnowsTheLog(LogThatKnowsItsTool log, FileChannel channel) {}
