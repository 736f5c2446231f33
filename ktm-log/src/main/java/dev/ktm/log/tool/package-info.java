/** The operator's tool: {@link dev.ktm.log.tool.LogTool} looks into a log without changing anything. */
@NullMarked
package dev.ktm.log.tool;

import org.jspecify.annotations.NullMarked;
