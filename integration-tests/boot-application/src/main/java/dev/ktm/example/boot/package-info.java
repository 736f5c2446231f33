/** An example: a print shop whose orders are a row, a file and a message. */
@NullMarked
package dev.ktm.example.boot;

import org.jspecify.annotations.NullMarked;
