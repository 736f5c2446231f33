package dev.ktm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What doctor looks at that belongs to no coordinator. */
final class EnvironmentChecks {

    private static final int OLDEST_JAVA = 17;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private EnvironmentChecks() {}

    static Finding java(int feature) {
        return feature >= OLDEST_JAVA
                ? Finding.ok("Java of this tool", "version " + feature)
                : Finding.fault(
                        "Java of this tool",
                        "version " + feature,
                        "run it with Java " + OLDEST_JAVA + " or later: set JAVA_HOME");
    }

    /**
     * What was seen of channels.
     *
     * @param findings what is there
     * @param listening who listens and has answered
     */
    record Seen(List<Finding> findings, List<Source> listening) {

        private static Seen of(Finding finding) {
            return new Seen(List.of(finding), List.of());
        }
    }

    static Seen channels(Channels channels) {
        var directory = channels.directory();
        var what = "channels in " + directory;
        boolean isThere;
        try {
            isThere = Permission.isThere(directory);
        } catch (ToolException e) {
            return Seen.of(Finding.fault(what, String.valueOf(e.getMessage()), "run as that user, or as root"));
        }
        if (!isThere) {
            return Seen.of(Finding.warning(
                    what,
                    "no such directory",
                    "start an application with a coordinator; if one runs, it does so as another user or with another"
                            + " temporary directory: name that with --channels"));
        }
        var findings = new ArrayList<Finding>();
        var listening = new ArrayList<Source>();
        try {
            var found = directory(directory, what);
            findings.add(found);
            if (found.grade() != Finding.Grade.FAULT) {
                findings.addAll(sockets(channels, listening));
                if (listening.isEmpty()) {
                    findings.add(Finding.warning(
                            what,
                            "nobody listens",
                            "start an application with a coordinator; 'ktm doctor --log DIR' looks at the log of one that"
                                    + " does not run"));
                }
            }
        } catch (IOException e) {
            findings.add(Finding.fault(what, "cannot be looked at: " + e, "run as the user whose directory it is"));
        } catch (ToolException e) {
            findings.add(Finding.fault(what, String.valueOf(e.getMessage()), "run as that user, or as root"));
        }
        return new Seen(findings, listening);
    }

    private static Finding directory(Path directory, String what) throws IOException {
        if (Files.isSymbolicLink(directory) || !Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return Finding.fault(
                    what,
                    "not a directory, but a link or a file: coordinators do not listen there",
                    "remove it, and restart the applications");
        }
        if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return Finding.ok(what, "a directory; this system has no permissions to check");
        }
        var attributes = Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        var permissions = PosixFilePermissions.toString(attributes.permissions());
        return attributes.permissions().equals(OWNER_ONLY)
                ? Finding.ok(what, "a directory of " + attributes.owner().getName() + ", who alone may use it")
                : Finding.fault(
                        what,
                        "permissions " + permissions + ": coordinators do not listen there",
                        "chmod 700 " + directory + ", and restart the applications");
    }

    private static List<Finding> sockets(Channels channels, List<Source> listening) {
        var findings = new ArrayList<Finding>();
        for (var socket : channels.sockets()) {
            var coordinator = new RunningCoordinator(Channels.identityOf(socket), socket);
            switch (coordinator.reach()) {
                case LISTENS -> listening.add(coordinator);
                case GONE ->
                    findings.add(Finding.warning(
                            "channel " + socket.getFileName(),
                            "left behind by a coordinator that is gone without being closed",
                            "start its application; 'ktm doctor --log DIR' looks at what it has left"));
                case SILENT ->
                    findings.add(Finding.fault(
                            "channel " + socket.getFileName(),
                            "somebody listens and does not answer",
                            "see whether the process hangs: take its threads with jstack"));
                case NOT_ALLOWED ->
                    findings.add(Finding.fault(
                            "channel " + socket.getFileName(),
                            "not yours to use",
                            "run as the user that the coordinator runs as, or as root"));
            }
        }
        return findings;
    }
}
