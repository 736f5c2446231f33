/** Files and the registry as resources of other transaction managers. Start with {@code ForeignManagersTest}. */
@NullMarked
package dev.ktm.foreign;

import org.jspecify.annotations.NullMarked;
