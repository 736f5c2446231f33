package dev.ktm.log.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a JVM with the class path of the tests is started: small, and quickly. */
public final class JavaCommand {

    private JavaCommand() {}

    /** The command line. */
    public static List<String> of(List<String> options, String mainClass, Object... arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        for (var each : arguments) {
            command.add(each.toString());
        }
        return command;
    }
}
