package dev.ktm.log.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the statements of the conformance list that a test proves. On a method it speaks for that test, all its invocations
 * together; on a class for all its tests together. It claims; {@link ConformanceRecorder} notes whether the claim held.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Conforms {
    /** The identifiers, such as {@code "CLFS-07"}. One that the list does not have fails the build. */
    String[] value();
}
