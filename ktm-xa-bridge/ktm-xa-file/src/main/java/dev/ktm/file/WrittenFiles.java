package dev.ktm.file;

import dev.ktm.file.Node.FileNode;
import dev.ktm.file.Node.Origin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The contents of the files that a transaction has touched, and what it has of them in the work area. Guarded by its lock. */
final class WrittenFiles {

    private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);

    private final ManagedRoot root;
    private final Set<Content> contents = new LinkedHashSet<>();

    /** Whether there are mappings that may be written to: nobody knows how long they live. */
    private boolean hasMappings;

    WrittenFiles(ManagedRoot root) {
        this.root = root;
    }

    /** Gives a file that is new something to write into. */
    void begin(FileNode node) {
        node.content = added(new Content(root.area()));
        touched(node);
    }

    private Content added(Content content) {
        contents.add(content);
        return content;
    }

    void touched(FileNode node) {
        node.modifiedNanos = root.nowNanos();
    }

    int read(FileNode node, ByteBuffer target, long position) throws IOException {
        var content = node.content;
        if (content != null) {
            return content.read(target, position);
        }
        try (var file = root.disk().open(originOf(node).name(), READ)) {
            return file.read(target, position);
        }
    }

    private static Origin originOf(Node node) {
        var origin = node.origin;
        if (origin == null) {
            throw new IllegalStateException("expected a file with content, found none");
        }
        return origin;
    }

    long size(FileNode node) throws IOException {
        var content = node.content;
        return content != null ? content.size() : originOf(node).stat().size();
    }

    /** Content that may be written; what is there is in it if that is to be kept. */
    Content writable(FileNode node, boolean keep) throws IOException {
        var content = node.content;
        if (content != null && !content.isFrozen()) {
            return content;
        }
        Content copy;
        if (!keep) {
            copy = new Content(root.area());
        } else if (content != null) {
            copy = content.copy();
        } else {
            try (var file = root.disk().open(originOf(node).name(), READ)) {
                copy = Content.copyOf(root.area(), file);
            }
        }
        node.content = added(copy);
        return copy;
    }

    /** The file of a node, to be mapped so that it can be written to. */
    DiskFile toMap(FileNode node) throws IOException {
        var content = writable(node, true);
        content.mapped();
        hasMappings = true;
        touched(node);
        return content.spill();
    }

    /** What a node holds now, whatever is done to it from now on. */
    Content kept(FileNode node) throws IOException {
        var content = writable(node, true);
        var kept = content.isMapped() ? added(content.copy()) : content;
        kept.freeze();
        return kept;
    }

    /** Has what is mapped hold copies, which nobody can write to by a mapping; what each of them held. */
    Map<FileNode, Content> leaveMappings(Overlay overlay) throws IOException {
        var left = new HashMap<FileNode, Content>();
        if (hasMappings) {
            for (var node : overlay.files()) {
                var content = node.content;
                if (content != null && content.isMapped()) {
                    node.content = added(content.copy());
                    left.put(node, content);
                }
            }
        }
        return left;
    }

    void truncate(FileNode node, long size) throws IOException {
        writable(node, size != 0).resize(size);
        touched(node);
    }

    /** The transaction has ended: what is in the work area goes, except for these. */
    void discardUnless(Set<String> inPlace) {
        for (var content : contents) {
            content.discardUnless(inPlace);
        }
        contents.clear();
    }
}
