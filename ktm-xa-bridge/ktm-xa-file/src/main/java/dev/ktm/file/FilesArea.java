package dev.ktm.file;

import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorArea;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.OperatorRequest;
import dev.ktm.rm.TransactionId;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/** What operators see of a root of transacted files: {@code roots}, {@code locked} and {@code fileinfo}. */
final class FilesArea implements OperatorArea {

    /** The name of the area. */
    static final String NAME = "files";

    private final TransactedFiles files;
    private final Operations operations;
    private final String name;
    private final Path directory;

    /**
     * An area of one root.
     *
     * @param operations those of its coordinator, which knows what transactions go by
     */
    FilesArea(TransactedFiles files, Operations operations, String name, Path directory) {
        this.files = files;
        this.operations = operations;
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
        } catch (TxfException e) {
            throw new OperatorException(OperatorException.Code.FAILED, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new OperatorException(
                    OperatorException.Code.FAILED,
                    "expected to look at the root \"" + name + "\", found "
                            + e.getClass().getSimpleName() + ": " + e.getMessage(),
                    e);
        }
    }

    /** Of the transactions that are meant; of all if none is named. */
    private List<LockedView> locked(String id) throws IOException, OperatorException {
        var atWork = files.atWork();
        var meant = id.isEmpty() ? atWork : unitsOf(id.toLowerCase(Locale.ROOT), atWork);
        var inDoubt = files.inDoubt();
        var all = new ArrayList<LockedView>();
        for (var unit : atWork) {
            if (meant.contains(unit)) {
                all.add(new LockedView(name, unit, inDoubt.contains(unit), files.lockedFiles(unit)));
            }
        }
        return all;
    }

    /** What a transaction goes by. */
    private record Known(UUID unitOfWork, Optional<TransactionId> id) {

        boolean goesBy(Predicate<String> wanted) {
            return wanted.test(unitOfWork.toString())
                    || id.map(TransactionId::toString).filter(wanted).isPresent();
        }
    }

    /**
     * The units of work that go by this, or by what begins so if none does. Every root knows the same ones, so either all of them say
     * that there is none, or none does.
     */
    private List<UUID> unitsOf(String wanted, List<UUID> atWork) throws OperatorException {
        var known = new ArrayList<Known>();
        operations.transactions().forEach(each -> known.add(new Known(each.unitOfWork(), each.id())));
        operations.damaged().forEach(each -> known.add(new Known(each.unitOfWork(), Optional.of(each.id()))));
        atWork.forEach(each -> known.add(new Known(each, Optional.empty())));
        var begin = known.stream()
                .filter(each -> each.goesBy(id -> id.startsWith(wanted)))
                .toList();
        if (begin.isEmpty()) {
            throw new OperatorException(
                    OperatorException.Code.NOT_FOUND,
                    "expected a transaction that has not ended, found none whose unit of work or id begins with \""
                            + wanted + "\": list what there is");
        }
        // One id may be the beginning of another: -1 and -12.
        var exact = begin.stream().filter(each -> each.goesBy(wanted::equals)).toList();
        return (exact.isEmpty() ? begin : exact).stream().map(Known::unitOfWork).toList();
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

    private Optional<FileOwner> owner(Path path) throws IOException, OperatorException {
        try {
            return files.owner(path);
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw new OperatorException(
                    OperatorException.Code.NOT_FOUND,
                    "expected a file of the root \"" + name + "\", found none at " + path,
                    e);
        }
    }

    /** Of a file that is named as it is below the root, if that is named as well, or as it is in the ordinary file system. */
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
        // The working directory of the application means nothing to whoever asks.
        var full = isChosen ? Path.of("/").resolve(given) : given.toAbsolutePath();
        var absolute = real(full.normalize());
        String below;
        if (absolute.startsWith(directory)) {
            below = directory.relativize(absolute).toString();
        } else if (isChosen) {
            below = full.toString().substring(1);
        } else {
            return List.of();
        }
        var path = files.plainFileSystem().getPath("/" + below);
        var owner = owner(path);
        return List.of(new FileView(
                name,
                path.toString(),
                owner.isPresent(),
                owner.map(FileOwner::unitOfWork),
                owner.filter(FileOwner::prepared).isPresent()));
    }
}
