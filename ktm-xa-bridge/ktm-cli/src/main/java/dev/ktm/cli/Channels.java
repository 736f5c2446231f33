package dev.ktm.cli;

import dev.ktm.operator.OperatorClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The directory in which the coordinators of a user listen. */
final class Channels {

    private final Path directory;

    private Channels(Path directory) {
        this.directory = directory;
    }

    /** The one that was named; else that of the environment; else the user's. */
    static Channels of(@Nullable Path named, Map<String, String> environment) {
        if (named != null) {
            return new Channels(named);
        }
        var byEnvironment = environment.getOrDefault("KTM_CHANNELS", "");
        return new Channels(byEnvironment.isEmpty() ? OperatorClient.defaultDirectory() : Path.of(byEnvironment));
    }

    Path directory() {
        return directory;
    }

    String describe() {
        return directory.toString();
    }

    /** Every socket, sorted; those of coordinators that are gone among them. */
    List<Path> sockets() {
        if (!Permission.isThere(directory)) {
            return List.of();
        }
        try {
            return OperatorClient.channels(directory);
        } catch (IOException e) {
            throw ToolException.failed("cannot look into " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Everybody who may listen: whoever is known to be gone is not among them, and his socket is removed. */
    List<Source> running() {
        var running = new ArrayList<Source>();
        for (var socket : sockets()) {
            if (!OperatorClient.isDead(socket)) {
                running.add(new RunningCoordinator(identityOf(socket), socket));
            }
        }
        OperatorClient.removeDead(directory);
        return running;
    }

    static String identityOf(Path socket) {
        var name = String.valueOf(socket.getFileName());
        return name.substring(0, name.length() - OperatorClient.SUFFIX.length());
    }

    /** The coordinator that has its log there, if one listens. */
    Optional<Source> ofLog(Path log) {
        if (!Files.isDirectory(log)) {
            return Optional.empty();
        }
        return running().stream().filter(each -> isAt(each, log)).findFirst();
    }

    private static boolean isAt(Source source, Path log) {
        try {
            var path = source.ask("manager").path("logPath").asText();
            return !path.isEmpty() && Files.isSameFile(Path.of(path), log);
        } catch (ToolException | IOException e) {
            // One that does not answer is in nobody's way: its log is read, if it is the one.
            return false;
        }
    }
}
