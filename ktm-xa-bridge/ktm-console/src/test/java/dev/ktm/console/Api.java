package dev.ktm.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.Optional;

/** Asks a console as its page does. */
final class Api {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Console console;

    Api(Console console) {
        this.console = console;
    }

    ConsoleAnswer get(String path) {
        return get(path, Map.of());
    }

    ConsoleAnswer get(String path, Map<String, String> parameters) {
        return console.answer(
                new ConsoleRequest("GET", path, parameters, Optional.of(console.token()), Optional.empty()));
    }

    ConsoleAnswer act(Map<String, String> form) {
        return console.answer(
                new ConsoleRequest("POST", "/api/act", form, Optional.of(console.token()), Optional.empty()));
    }

    JsonNode overview() throws Exception {
        return json(get("/api/overview"));
    }

    static JsonNode json(ConsoleAnswer answer) throws Exception {
        return JSON.readTree(answer.body());
    }
}
