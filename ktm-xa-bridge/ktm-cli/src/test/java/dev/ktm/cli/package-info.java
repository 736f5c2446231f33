@NullMarked
package dev.ktm.cli;

import org.jspecify.annotations.NullMarked;
