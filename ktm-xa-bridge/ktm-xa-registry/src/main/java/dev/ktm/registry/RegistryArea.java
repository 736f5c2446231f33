package dev.ktm.registry;

import dev.ktm.operator.OperatorArea;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.OperatorRequest;
import dev.ktm.rm.KtmException;
import dev.ktm.tm.TransactionOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What operators see of a registry and do with it: {@code hives}, {@code query}, {@code add}, {@code delete}, {@code import} and {@code
 * export}. Each change is a transaction of its own, so it is durable when it returns, and refused if a transaction of the application
 * stands in the way. Who has changed what is in the logger.
 */
final class RegistryArea implements OperatorArea {

    /** The name of the area. */
    static final String NAME = "registry";

    private final Registry registry;

    RegistryArea(Registry registry) {
        this.registry = registry;
    }

    /** A key, as it is outside of transactions. */
    public record KeyView(
            String path,
            String className,
            Instant lastWriteTime,
            boolean isVolatile,
            List<String> subkeys,
            List<ValueView> values) {}

    /**
     * A value.
     *
     * @param data its bytes in hexadecimal digits
     * @param text what it says, if it is a text or a number
     */
    public record ValueView(String name, ValueType type, String data, Optional<String> text) {}

    @Override
    public boolean isListing(String verb) {
        return verb.equals("hives");
    }

    @Override
    public @Nullable Object answer(OperatorRequest request) throws OperatorException {
        try {
            return switch (request.verb()) {
                case "hives" -> registry.hives();
                case "query" -> query(pathOf(request));
                case "add" -> changing(request, root -> add(root, request));
                case "delete" -> changing(request, root -> delete(root, request));
                case "import" -> changing(request, root -> take(root, request));
                case "export" -> export(request);
                default ->
                    throw new OperatorException(
                            OperatorException.Code.USAGE,
                            "expected one of the verbs hives, query, add, delete, import, export, found "
                                    + request.verb());
            };
        } catch (RegistryException e) {
            throw new OperatorException(codeOf(e.error()), String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new OperatorException(OperatorException.Code.FAILED, String.valueOf(e.getMessage()), e);
        }
    }

    private static OperatorException.Code codeOf(RegistryError error) {
        return switch (error) {
            case KEY_NOT_FOUND, VALUE_NOT_FOUND, HIVE_NOT_LOADED -> OperatorException.Code.NOT_FOUND;
            case INVALID_PARAMETER, NAME_TOO_LONG, VALUE_TOO_LARGE, TOO_DEEP, NOT_REGISTRY_FILE ->
                OperatorException.Code.USAGE;
            case INVALID_HANDLE -> OperatorException.Code.OFFLINE;
            case HIVE_CORRUPT, IO_FAILED -> OperatorException.Code.FAILED;
            case ACCESS_DENIED,
                    ALREADY_EXISTS,
                    TOO_MANY_HANDLES,
                    KEY_DELETED,
                    KEY_HAS_CHILDREN,
                    CHILD_MUST_BE_VOLATILE,
                    TRANSACTION_NOT_ACTIVE,
                    TRANSACTION_ALREADY_ABORTED,
                    TRANSACTIONAL_CONFLICT,
                    TRANSACTIONS_PENDING -> OperatorException.Code.REFUSED;
        };
    }

    private static String pathOf(OperatorRequest request) {
        return request.argument("path").orElse("").strip();
    }

    private RegistryKey open(String path) throws RegistryException {
        return path.isEmpty()
                ? registry.root()
                : registry.root().openKey(path, KeyRight.QUERY_VALUE, KeyRight.ENUMERATE_SUB_KEYS);
    }

    private KeyView query(String path) throws RegistryException {
        try (var key = open(path)) {
            return new KeyView(
                    key.path(),
                    key.className(),
                    key.lastWriteTime(),
                    key.isVolatile(),
                    key.subkeys(),
                    key.values().stream().map(RegistryArea::view).toList());
        }
    }

    private static ValueView view(RegistryValue value) {
        return new ValueView(value.name(), value.type(), HexFormat.of().formatHex(value.data()), textOf(value));
    }

    private static Optional<String> textOf(RegistryValue value) {
        return switch (value.type()) {
            case SZ, EXPAND_SZ -> value.asString();
            case MULTI_SZ -> Optional.of(String.join("\n", value.asStrings()));
            case DWORD ->
                value.asInt().stream().mapToObj(Integer::toUnsignedString).findAny();
            case QWORD ->
                value.asLong().stream().mapToObj(Long::toUnsignedString).findAny();
            case NONE,
                    BINARY,
                    DWORD_BIG_ENDIAN,
                    LINK,
                    RESOURCE_LIST,
                    FULL_RESOURCE_DESCRIPTOR,
                    RESOURCE_REQUIREMENTS_LIST -> Optional.empty();
        };
    }

    // Changes.

    /** What is changed in a transaction, from its root on. */
    private interface Change {
        Map<String, ?> from(RegistryKey root) throws IOException, OperatorException;
    }

    private Object changing(OperatorRequest request, Change change) throws IOException, OperatorException {
        try (var transaction = registry.ktm()
                        .manager()
                        .createTransaction(
                                TransactionOptions.DEFAULT.withDescription("operator: registry " + request.verb()));
                var root = registry.root(transaction.transaction())) {
            var result = change.from(root);
            transaction.commit();
            System.getLogger(RegistryArea.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            "registry \"" + registry.name() + "\": " + request.verb() + " of \""
                                    + Names.shortened(pathOf(request)) + "\" by " + request.who());
            return result;
        } catch (KtmException e) {
            throw OperatorException.of(e);
        }
    }

    private static Map<String, ?> add(RegistryKey root, OperatorRequest request)
            throws RegistryException, OperatorException {
        var path = request.require("path");
        // First: a key is not made for a value that makes no sense.
        var value =
                request.argument("data").isPresent() || request.argument("type").isPresent() ? valueOf(request) : null;
        try (var key = root.createKey(path)) {
            if (value != null) {
                key.setValue(value);
            }
            return Map.of("path", key.path(), "isCreated", key.isCreated());
        }
    }

    private static RegistryValue valueOf(OperatorRequest request) throws OperatorException {
        var name = request.argument("value").orElse("");
        var data = request.argument("data").orElse("");
        var type = request.argument("type").orElse("SZ").strip().toUpperCase(Locale.ROOT);
        try {
            return switch (type.startsWith("REG_") ? type.substring("REG_".length()) : type) {
                case "SZ" -> RegistryValue.string(name, data);
                case "EXPAND_SZ" -> RegistryValue.expandString(name, data);
                case "MULTI_SZ" -> RegistryValue.strings(name, data.isEmpty() ? List.of() : List.of(data.split("\n")));
                case "DWORD" -> RegistryValue.dword(name, Integer.parseUnsignedInt(digits(data), radix(data)));
                case "QWORD" -> RegistryValue.qword(name, Long.parseUnsignedLong(digits(data), radix(data)));
                case "BINARY" -> RegistryValue.binary(name, HexFormat.of().parseHex(data));
                default ->
                    throw new OperatorException(
                            OperatorException.Code.USAGE,
                            "expected a type SZ, EXPAND_SZ, MULTI_SZ, DWORD, QWORD or BINARY, found "
                                    + Names.shortened(type));
            };
        } catch (IllegalArgumentException e) {
            throw new OperatorException(
                    OperatorException.Code.USAGE,
                    "expected data of type " + type + ", found \"" + Names.shortened(data) + "\": " + e.getMessage(),
                    e);
        }
    }

    private static String digits(String number) {
        return radix(number) == 16 ? number.substring(2) : number;
    }

    private static int radix(String number) {
        return number.startsWith("0x") || number.startsWith("0X") ? 16 : 10;
    }

    private static Map<String, ?> delete(RegistryKey root, OperatorRequest request)
            throws RegistryException, OperatorException {
        var path = request.require("path");
        var value = request.argument("value");
        if (value.isPresent()) {
            try (var key = root.openKey(path, KeyRight.SET_VALUE)) {
                if (!key.deleteValue(value.get())) {
                    throw new RegistryException(
                            RegistryError.VALUE_NOT_FOUND,
                            "expected a value \"" + Names.shortened(value.get()) + "\" of \"" + Names.shortened(path)
                                    + "\", found none");
                }
            }
        } else if (request.argument("tree").filter("true"::equals).isPresent()) {
            root.deleteTree(path);
        } else {
            root.deleteKey(path);
        }
        return Map.of("path", path);
    }

    // Files of Windows' registry editor.

    private static Map<String, ?> take(RegistryKey root, OperatorRequest request)
            throws IOException, OperatorException {
        var text = request.require("text");
        root.importFile(
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
                request.argument("prefix").orElse(""));
        return Map.of("characters", text.length());
    }

    private Map<String, ?> export(OperatorRequest request) throws IOException {
        var out = new ByteArrayOutputStream();
        var path = pathOf(request);
        try (var key = open(path)) {
            var prefix = request.argument("prefix").orElse("");
            var separator = prefix.isEmpty() || path.isEmpty() ? "" : "\\";
            key.exportFile(out, RegFormat.VERSION_5_UTF8, prefix + separator + key.path());
        }
        return Map.of("text", out.toString(StandardCharsets.UTF_8));
    }
}
