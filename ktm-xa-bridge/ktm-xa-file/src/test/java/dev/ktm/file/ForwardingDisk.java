package dev.ktm.file;

import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Another disk, as it is: for those who change one thing about it. */
class ForwardingDisk implements Disk {

    private final Disk disk;

    ForwardingDisk(Disk disk) {
        this.disk = disk;
    }

    /** The name that the other disk has for this one. */
    String nameOf(String name) throws IOException {
        return name;
    }

    @Override
    public Optional<Stat> stat(String name) throws IOException {
        return disk.stat(nameOf(name));
    }

    @Override
    public List<String> list(String directory) throws IOException {
        return disk.list(nameOf(directory));
    }

    @Override
    public DiskFile open(String name, Set<? extends OpenOption> options) throws IOException {
        return disk.open(nameOf(name), options);
    }

    @Override
    public void createDirectory(String name) throws IOException {
        disk.createDirectory(nameOf(name));
    }

    @Override
    public void createLink(String name, String target) throws IOException {
        disk.createLink(nameOf(name), target);
    }

    @Override
    public String readLink(String name) throws IOException {
        return disk.readLink(nameOf(name));
    }

    @Override
    public void addName(String existing, String added) throws IOException {
        disk.addName(nameOf(existing), nameOf(added));
    }

    @Override
    public void delete(String name) throws IOException {
        disk.delete(nameOf(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        disk.rename(nameOf(from), nameOf(to));
    }

    @Override
    public void forceDirectory(String name) throws IOException {
        disk.forceDirectory(nameOf(name));
    }

    @Override
    public DiskFile openAsOwner(String name) throws IOException {
        return disk.openAsOwner(nameOf(name));
    }

    @Override
    public boolean isReadable(String directory) {
        return disk.isReadable(directory);
    }

    @Override
    public long forces() {
        return disk.forces();
    }

    @Override
    public Map<String, Object> readAttributes(String name, String attributes) throws IOException {
        return disk.readAttributes(nameOf(name), attributes);
    }

    @Override
    public void setAttribute(String name, String attribute, Object value) throws IOException {
        disk.setAttribute(nameOf(name), attribute, value);
    }

    @Override
    public boolean isWritable(String directory) {
        return disk.isWritable(directory);
    }

    @Override
    public boolean isOnDevice(String directory) throws IOException {
        return disk.isOnDevice(nameOf(directory));
    }

    @Override
    public void requirePossible(String name) throws IOException {
        disk.requirePossible(name);
    }

    @Override
    public Set<String> attributeViews() {
        return disk.attributeViews();
    }

    @Override
    public @Nullable Path path(String name) {
        return disk.path(name);
    }
}
