/**
 * KTM as the transaction manager of a Spring Boot application: one dependency, and data sources and connection factories that
 * Spring Boot makes take part in its transactions and are recovered after a crash.
 */
@NullMarked
package dev.ktm.spring;

import org.jspecify.annotations.NullMarked;
