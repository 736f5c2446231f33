package dev.ktm.log.testing;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One disk that a power loss may leave, and what was known when power failed. For the thread that visits it. */
public final class CrashState {

    private final int point;
    private final List<Object> marks;
    private final DiskImage image;
    private final Supplier<String> description;
    private @Nullable SimulatedDevice device;

    CrashState(int point, List<Object> marks, DiskImage image, Supplier<String> description) {
        this.point = point;
        this.marks = marks;
        this.image = image;
        this.description = description;
    }

    /** How many operations of the history had happened. */
    public int point() {
        return point;
    }

    /** The marks before the crash, in order. */
    public List<Object> marks() {
        return marks;
    }

    /** The last mark of this type before the crash. */
    public <T> Optional<T> lastMark(Class<T> type) {
        for (var i = marks.size() - 1; i >= 0; i--) {
            if (type.isInstance(marks.get(i))) {
                return Optional.of(type.cast(marks.get(i)));
            }
        }
        return Optional.empty();
    }

    /** What is on the disk. */
    public DiskImage image() {
        return image;
    }

    /**
     * The disk, to be recovered from; the same one at each call. What is done to it is its own history, so crashes
     * during recovery can be enumerated as well.
     */
    public SimulatedDevice device() {
        var present = device;
        if (present == null) {
            present = new SimulatedDevice(image);
            device = present;
        }
        return present;
    }

    /** Where power failed and what became of everything that was at risk there. */
    public String description() {
        return description.get();
    }

    @Override
    public String toString() {
        return "CrashState[" + description() + "]";
    }
}
