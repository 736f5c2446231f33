/**
 * Names of the coordinator and its faces in JNDI: {@link dev.ktm.naming.KtmObjectFactory} for containers that are configured, as
 * Tomcat is, and {@link dev.ktm.naming.KtmNames} for those that are told by a program.
 */
@NullMarked
package dev.ktm.naming;

import org.jspecify.annotations.NullMarked;
