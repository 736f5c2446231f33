package dev.ktm.architecture.planted.log;

import dev.ktm.architecture.planted.log.tool.ToolThatOpensFiles;

/** Planted. */
public record LogThatKnowsItsTool(ToolThatOpensFiles tool) {}
