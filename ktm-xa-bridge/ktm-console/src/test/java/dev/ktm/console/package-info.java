@NullMarked
package dev.ktm.console;

import org.jspecify.annotations.NullMarked;
