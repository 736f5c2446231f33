/** An example: a box office whose sales are a row in each of two databases. */
@NullMarked
package dev.ktm.example.tomee;

import org.jspecify.annotations.NullMarked;
