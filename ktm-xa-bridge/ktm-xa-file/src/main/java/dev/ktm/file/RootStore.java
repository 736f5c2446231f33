package dev.ktm.file;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The device that a root lies on. */
final class RootStore extends FileStore {

    private final ManagedRoot root;

    RootStore(ManagedRoot root) {
        this.root = root;
    }

    private FileStore real() throws IOException {
        return Files.getFileStore(Objects.requireNonNull(root.disk().path("")));
    }

    @Override
    public String name() {
        return String.valueOf(root.disk().path(""));
    }

    @Override
    public String type() {
        return TransactedProvider.SCHEME;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public long getTotalSpace() throws IOException {
        return real().getTotalSpace();
    }

    @Override
    public long getUsableSpace() throws IOException {
        return real().getUsableSpace();
    }

    @Override
    public long getUnallocatedSpace() throws IOException {
        return real().getUnallocatedSpace();
    }

    @Override
    public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
        try {
            return real().supportsFileAttributeView(type);
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public boolean supportsFileAttributeView(String name) {
        return root.disk().attributeViews().contains(name);
    }

    @Override
    public <V extends FileStoreAttributeView> @Nullable V getFileStoreAttributeView(Class<V> type) {
        return null;
    }

    /** Whether transactions are supported, and nothing else. */
    @Override
    public Object getAttribute(String attribute) {
        if (attribute.equals("ktm:supportsTransactions")) {
            return !root.isClosed();
        }
        throw new UnsupportedOperationException("expected ktm:supportsTransactions, found " + attribute);
    }
}
