/** Events of the JDK Flight Recorder. {@link dev.ktm.jfr.FlightRecording} watches transactions while something is recorded. */
@NullMarked
package dev.ktm.jfr;

import org.jspecify.annotations.NullMarked;
