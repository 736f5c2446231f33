@NullMarked
package dev.ktm.spring;

import org.jspecify.annotations.NullMarked;
