/**
 * The operator's command line: {@link dev.ktm.cli.KtmTool} looks at coordinators over their channels, or at a log that nobody has
 * open, and asks for what an operator may do.
 *
 * <p>Every command asks a {@link dev.ktm.cli.Source}, which answers with the same tree of values whether the coordinator runs or
 * not; {@link dev.ktm.cli.Target} chooses it.
 */
@NullMarked
package dev.ktm.cli;

import org.jspecify.annotations.NullMarked;
