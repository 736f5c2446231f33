package dev.ktm.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One thing that doctor has looked at.
 *
 * @param grade how it is
 * @param lookedAt what was looked at
 * @param found what was found
 * @param fix what to do; empty if nothing need be done
 */
record Finding(Grade grade, String lookedAt, String found, String fix) {

    /** How something is. */
    enum Grade {
        /** As it should be. */
        OK(Style.GOOD, "ok"),
        /** It works, and somebody should look. */
        WARNING(Style.WARNING, "warning"),
        /** Something is wrong. */
        FAULT(Style.BAD, "fault");

        private final Style style;
        private final String word;

        Grade(Style style, String word) {
            this.style = style;
            this.word = word;
        }

        Style style() {
            return style;
        }

        String word() {
            return word;
        }
    }

    static Finding ok(String lookedAt, String found) {
        return new Finding(Grade.OK, lookedAt, found, "");
    }

    static Finding warning(String lookedAt, String found, String fix) {
        return new Finding(Grade.WARNING, lookedAt, found, fix);
    }

    static Finding fault(String lookedAt, String found, String fix) {
        return new Finding(Grade.FAULT, lookedAt, found, fix);
    }

    ObjectNode json() {
        var node = JsonNodeFactory.instance.objectNode();
        node.put("grade", grade.word());
        node.put("lookedAt", lookedAt);
        node.put("found", found);
        if (!fix.isEmpty()) {
            node.put("fix", fix);
        }
        return node;
    }
}
