package dev.ktm.file;

import dev.ktm.operator.OperatorArea;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.OperatorRequest;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What operators see of a root of transacted files: {@code roots}, {@code locked} and {@code fileinfo}. */
final class FilesArea implements OperatorArea {

    /** The name of the area. */
    static final String NAME = "files";

    private final TransactedFiles files;
    private final String name;
    private final Path directory;

    FilesArea(TransactedFiles files, String name, Path directory) {
        this.files = files;
        this.name = name;
        this.directory = directory;
    }

    /** A root, what goes on in it, and which transactions are in doubt. */
    public record RootView(
            String name, String directory, FileStatistics statistics, FileSettings settings, List<UUID> inDoubt) {}

    /** What a transaction has changed in a root, and nobody else may change. */
    public record LockedView(String root, UUID unitOfWork, boolean isInDoubt, List<LockedFile> files) {}

    /** A file, and the transaction that has locked it; empty if none has. */
    public record FileView(String root, String file, boolean isLocked, Optional<UUID> unitOfWork, boolean isPrepared) {}

    @Override
    public boolean isListing(String verb) {
        return verb.equals("roots") || verb.equals("locked") || verb.equals("fileinfo");
    }

    @Override
    public Object answer(OperatorRequest request) throws OperatorException {
        try {
            return switch (request.verb()) {
                case "roots" ->
                    List.of(new RootView(
                            name, directory.toString(), files.statistics(), files.settings(), files.inDoubt()));
                case "locked" -> locked(request.argument("id").orElse("").strip());
                case "fileinfo" -> fileInfo(request);
                default ->
                    throw new OperatorException(
                            OperatorException.Code.USAGE,
                            "expected one of the verbs roots, locked, fileinfo, found " + request.verb());
            };
        } catch (IOException e) {
            throw new OperatorException(OperatorException.Code.FAILED, String.valueOf(e.getMessage()), e);
        }
    }

    /** Of transactions whose unit of work begins so. */
    private List<LockedView> locked(String prefix) throws IOException {
        var inDoubt = files.inDoubt();
        var all = new ArrayList<LockedView>();
        for (var unit : files.atWork()) {
            if (unit.toString().startsWith(prefix)) {
                all.add(new LockedView(name, unit, inDoubt.contains(unit), files.lockedFiles(unit)));
            }
        }
        return all;
    }

    /** Without symbolic links, also if the file itself is not there. */
    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            var parent = path.getParent();
            var last = path.getFileName();
            return parent == null || last == null ? path : real(parent).resolve(last);
        }
    }

    /** Of a file that is named as it is below the root, with a slash in front, or as it is in the ordinary file system. */
    private List<FileView> fileInfo(OperatorRequest request) throws IOException, OperatorException {
        var said = request.require("path");
        Path given;
        try {
            given = Path.of(said);
        } catch (InvalidPathException e) {
            throw new OperatorException(
                    OperatorException.Code.USAGE, "expected a path, found one that is none: " + e.getMessage(), e);
        }
        boolean isChosen = request.argument("name").isPresent();
        var absolute = real(given.toAbsolutePath().normalize());
        String below;
        if (absolute.startsWith(directory)) {
            below = directory.relativize(absolute).toString();
        } else if (isChosen && given.isAbsolute()) {
            below = said.substring(1);
        } else {
            return List.of();
        }
        var path = files.plainFileSystem().getPath("/" + below);
        var owner = files.owner(path);
        return List.of(new FileView(
                name,
                path.toString(),
                owner.isPresent(),
                owner.map(FileOwner::unitOfWork),
                owner.filter(FileOwner::prepared).isPresent()));
    }
}
