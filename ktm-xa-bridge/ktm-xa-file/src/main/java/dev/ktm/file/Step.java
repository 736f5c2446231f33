package dev.ktm.file;

import java.util.Map;
import java.util.Optional;

/**
 * One change of a committed transaction: what is to be true in the end, however often it is tried. Names are those of the committed
 * state, with slashes.
 */
sealed interface Step {

    /** The name that it changes. */
    String name();

    /** Whether it has to be durable before anybody else touches what it touches. */
    default boolean isStructural() {
        return false;
    }

    /**
     * A file has this content.
     *
     * @param before what the name stood for; empty if for nothing
     * @param work the file of the work area that is to be moved there
     * @param made what that file is
     * @param inline its content, if the work file need not be durable
     * @param attributes what is to be set
     */
    record Put(
            String name,
            Optional<Seen> before,
            String work,
            Seen made,
            Optional<byte[]> inline,
            Map<String, Object> attributes)
            implements Step {}

    /** The content of a file that has more than one name is to be overwritten where it is. */
    record Overwrite(String name, Seen was, String work, Map<String, Object> attributes) implements Step {
        @Override
        public boolean isStructural() {
            return true;
        }
    }

    /** A name stands for nothing. */
    record Delete(String name, Seen was) implements Step {}

    /** There is a directory. */
    record MakeDirectory(String name, Map<String, Object> attributes) implements Step {}

    /** There is a link. */
    record MakeLink(String name, Optional<Seen> before, String target) implements Step {}

    /** These attributes are set. */
    record SetAttributes(String name, Seen was, Map<String, Object> attributes) implements Step {}

    /**
     * What had one name before has another.
     *
     * @param before what that other stood for; empty if for nothing
     */
    record Move(String from, String name, Seen was, Optional<Seen> before) implements Step {
        @Override
        public boolean isStructural() {
            return true;
        }
    }

    /**
     * A file has one more name.
     *
     * @param before what that name stood for; empty if for nothing
     */
    record AddName(String existing, String name, Seen was, Optional<Seen> before) implements Step {
        @Override
        public boolean isStructural() {
            return true;
        }
    }
}
