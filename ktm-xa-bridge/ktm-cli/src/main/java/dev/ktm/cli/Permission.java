package dev.ktm.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Whether this user may look at something. "Not there" and "not yours" are different answers. */
final class Permission {

    private Permission() {}

    /**
     * Whether it is there.
     *
     * @throws ToolException if nobody tells this user, or it is there and he may not read it
     */
    static boolean isThere(Path path) {
        try {
            var attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!Files.isReadable(path) || (attributes.isDirectory() && !Files.isExecutable(path))) {
                throw denied(path);
            }
            return true;
        } catch (AccessDeniedException e) {
            throw denied(path);
        } catch (IOException e) {
            return false;
        }
    }

    /** Refuses to look at a log that is not this user's, rather than to say that there is none. */
    static void requireLog(Path directory) {
        if (isThere(directory) && Files.isDirectory(directory)) {
            try (var files = Files.list(directory)) {
                files.filter(each -> String.valueOf(each.getFileName()).startsWith("ktm"))
                        .filter(each -> !String.valueOf(each.getFileName()).endsWith(".lock"))
                        .forEach(Permission::isThere);
            } catch (IOException e) {
                throw ToolException.failed("cannot read " + directory + ": " + e, e);
            }
        }
    }

    private static ToolException denied(Path path) {
        return ToolException.notAllowed("no permission to read " + path + ": run as the user that owns it, or as root");
    }
}
