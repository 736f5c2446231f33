package dev.ktm.operator;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** The directory of a user in which the channels of his coordinators are: nobody else may enter it. */
final class ChannelDirectory {

    private static final Set<PosixFilePermission> OWNER_ONLY = Set.copyOf(PosixFilePermissions.fromString("rwx------"));

    private ChannelDirectory() {}

    /** That of the user who runs this JVM. */
    static Path ofUser() {
        var user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_");
        return Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "ktm-" + (user.isEmpty() ? "user" : user));
    }

    /**
     * Makes it if it is not there.
     *
     * @throws IOException if it cannot be made, or others may enter it
     */
    static void make(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(EnumSet.copyOf(OWNER_ONLY)));
        } catch (FileAlreadyExistsException e) {
            // It is looked at as it is.
        }
        requireOwnerOnly(directory);
    }

    private static void requireOwnerOnly(Path directory) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("expected a directory, found "
                    + (Files.isSymbolicLink(directory) ? "a symbolic link" : "a file") + " at " + directory);
        }
        var permissions = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
        if (!permissions.equals(OWNER_ONLY)) {
            throw new IOException("expected a directory that only its owner may enter (rwx------), found "
                    + PosixFilePermissions.toString(permissions) + " at " + directory);
        }
    }

    /**
     * Fails if somebody else could answer there: others may enter it, or it has the name of the user's own and is somebody else's.
     */
    static void requireTrusted(Path directory) throws IOException {
        requireOwnerOnly(directory);
        if (directory.equals(ofUser())) {
            var user = System.getProperty("user.name", "");
            var owner = Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).getName();
            if (!owner.equals(user)) {
                throw new IOException(
                        "expected a directory of " + user + ", found one of " + owner + " at " + directory);
            }
        }
    }

    /** Has nobody but its owner use this file in it, whatever the umask was. */
    static void closeToOthers(Path own) throws IOException {
        Files.setPosixFilePermissions(own, OWNER_ONLY);
    }

    /** Fails unless whoever has just made this file in it owns the directory as well. */
    static void requireOwner(Path directory, Path own) throws IOException {
        var owner = Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS);
        var self = Files.getOwner(own, LinkOption.NOFOLLOW_LINKS);
        if (!owner.equals(self)) {
            throw new IOException("expected a directory of " + self.getName() + ", found one of " + owner.getName()
                    + " at " + directory);
        }
    }
}
