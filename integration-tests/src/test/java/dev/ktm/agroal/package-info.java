/** Agroal, whose integration class runs unmodified on the faces of KTM. */
@NullMarked
package dev.ktm.agroal;

import org.jspecify.annotations.NullMarked;
