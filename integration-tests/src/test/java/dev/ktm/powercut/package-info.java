/** Power cuts of real file systems below the log, files and registry. Start with {@code PowerCutTest}. */
@NullMarked
package dev.ktm.powercut;

import org.jspecify.annotations.NullMarked;
