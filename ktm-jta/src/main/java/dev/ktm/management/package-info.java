/** The coordinator as a bean of JMX. Start with {@link dev.ktm.management.KtmManagement}. */
@NullMarked
package dev.ktm.management;

import org.jspecify.annotations.NullMarked;
