package dev.ktm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** How an answer is put on the screen. */
final class Report {

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Terminal terminal;

    Report(Terminal terminal) {
        this.terminal = terminal;
    }

    /** One JSON document, on several lines. */
    void json(JsonNode node) {
        utf8(text(node) + "\n");
    }

    /** One JSON document on one line. */
    void jsonLine(JsonNode node) {
        utf8(node + "\n");
    }

    static String text(JsonNode node) {
        try {
            return MAPPER.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A table, or what to say if nothing is in it. */
    void table(Table table, String ifEmpty) {
        if (table.isEmpty()) {
            terminal.out().println(ifEmpty);
        } else {
            lines(table.lines(terminal.coloured()));
        }
    }

    void lines(List<String> lines) {
        lines.forEach(terminal.out()::println);
    }

    void line(String text) {
        terminal.out().println(text);
    }

    /** Text as it is, for a file. */
    void text(String text) {
        utf8(text);
    }

    /** What programs read is in UTF-8, whatever the terminal is in. */
    private void utf8(String text) {
        terminal.out().writeBytes(text.getBytes(StandardCharsets.UTF_8));
        terminal.out().flush();
    }

    String styled(String text, Style style) {
        return style.of(Printable.line(text), terminal.coloured());
    }
}
