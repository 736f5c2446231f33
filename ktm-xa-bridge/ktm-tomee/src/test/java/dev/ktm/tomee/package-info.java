@NullMarked
package dev.ktm.tomee;

import org.jspecify.annotations.NullMarked;
