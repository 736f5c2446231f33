package dev.ktm.console;

import dev.ktm.operator.Json;
import dev.ktm.operator.OperatorException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a browser is answered.
 *
 * @param status of HTTP
 * @param headers each once
 * @param body in UTF-8
 */
public record ConsoleAnswer(int status, Map<String, String> headers, String body) {

    static final int OK = 200;
    static final int PERMANENT_REDIRECT = 308;
    static final int BAD_REQUEST = 400;
    static final int UNAUTHORIZED = 401;
    static final int FORBIDDEN = 403;
    static final int NOT_FOUND = 404;
    static final int METHOD_NOT_ALLOWED = 405;
    static final int CONFLICT = 409;
    static final int FAILED = 500;
    static final int UNAVAILABLE = 503;

    private static final String JSON = "application/json; charset=utf-8";

    /** Copies the headers. */
    public ConsoleAnswer {
        headers = Map.copyOf(headers);
    }

    static ConsoleAnswer of(int status, String type, String body) {
        return new ConsoleAnswer(status, headers(type), body);
    }

    static ConsoleAnswer json(String json) {
        return of(OK, JSON, json);
    }

    /** Where the page is, if it was asked for without the slash behind it. */
    static ConsoleAnswer movedTo(String place) {
        return new ConsoleAnswer(PERMANENT_REDIRECT, Map.of("Location", place), "");
    }

    static ConsoleAnswer onlyBy(String method) {
        var answer = refused(METHOD_NOT_ALLOWED, "USAGE", "expected the method " + method);
        return answer.with("Allow", method);
    }

    ConsoleAnswer with(String header, String value) {
        var all = new LinkedHashMap<>(headers);
        all.put(header, value);
        return new ConsoleAnswer(status, all, body);
    }

    static ConsoleAnswer refused(int status, String code, String message) {
        var body = new LinkedHashMap<String, String>();
        body.put("code", code);
        body.put("message", message);
        return of(status, JSON, Json.of(Map.of("error", body)));
    }

    static ConsoleAnswer refused(OperatorException why) {
        int status = switch (why.code()) {
            case USAGE -> BAD_REQUEST;
            case NOT_FOUND -> NOT_FOUND;
            case REFUSED -> CONFLICT;
            case UNAUTHORIZED -> FORBIDDEN;
            case BUSY, OFFLINE -> UNAVAILABLE;
            case FAILED -> FAILED;
        };
        return refused(status, why.code().name(), String.valueOf(why.getMessage()));
    }

    /** Nothing is kept by the browser, nothing is loaded from elsewhere, and no other page may show or read this one. */
    private static Map<String, String> headers(String type) {
        var headers = new LinkedHashMap<String, String>();
        headers.put("Content-Type", type);
        headers.put("Cache-Control", "no-store");
        headers.put(
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
                        + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("X-Frame-Options", "DENY");
        headers.put("Referrer-Policy", "no-referrer");
        headers.put("Cross-Origin-Resource-Policy", "same-origin");
        headers.put("Cross-Origin-Opener-Policy", "same-origin");
        return headers;
    }
}
