package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ktm.journal.EnlistmentRecord;
import dev.ktm.journal.TransactionRecord;
import dev.ktm.journal.TransactionRecord.Status;
import dev.ktm.log.LogInspection.ContainerUse;
import dev.ktm.log.LogInspection.StreamUse;
import dev.ktm.log.LogInspection.Summary;
import dev.ktm.rm.Damage;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * What a log tells, in the shape in which a running coordinator says it. What only a running one knows is absent: descriptions,
 * times, owners, and whatever has not prepared.
 */
final class StoppedViews {

    /** How a coordinator's resource managers for XA and for superiors are known in its log. */
    private static final UUID XA_RESOURCES = UUID.nameUUIDFromBytes("dev.ktm.xa".getBytes(StandardCharsets.UTF_8));

    static final UUID SUPERIORS = UUID.nameUUIDFromBytes("dev.ktm.superiors".getBytes(StandardCharsets.UTF_8));
    private static final int FORMAT_ID = 0x4B544D31;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Path directory;
    private final Summary summary;
    private final UUID manager;
    private final long clock;
    private final List<TransactionRecord> found;
    private final List<OperatorAct> acts;

    StoppedViews(
            Path directory,
            Summary summary,
            UUID manager,
            long clock,
            List<TransactionRecord> found,
            List<OperatorAct> acts) {
        this.directory = directory;
        this.summary = summary;
        this.manager = manager;
        this.clock = clock;
        this.found = found.stream().filter(each -> !isForgotten(each)).toList();
        this.acts = List.copyOf(acts);
    }

    ObjectNode manager() {
        var view = JSON.objectNode();
        view.put("identity", manager.toString());
        view.put("logPath", directory.toAbsolutePath().normalize().toString());
        view.put("isVolatile", false);
        view.put("isOnline", false);
        view.put("stopped", summary.state().name());
        view.put("incarnation", summary.incarnation());
        view.put("clock", clock);
        view.put("opened", summary.ownerSince().toString());
        view.put("processId", summary.ownerPid());
        view.put("live", transactions().size());
        view.put("unfinished", transactions().size());
        view.put("inDoubt", found.stream().filter(StoppedViews::isUndecided).count());
        view.put(
                "damaged",
                found.stream().filter(each -> !each.damage().isEmpty()).count());
        view.set("log", log());
        return view;
    }

    private ObjectNode log() {
        long capacity = summary.containerBytes() * summary.containers().size();
        long used = summary.containers().stream()
                .filter(ContainerUse::needed)
                .mapToLong(ContainerUse::usedBytes)
                .sum();
        var log = JSON.objectNode();
        log.put("capacityBytes", capacity);
        log.put("usedBytes", used);
        log.put("usedShare", capacity == 0 ? 0 : (double) used / capacity);
        log.put("lastLsn", summary.end());
        summary.pinning().map(StreamUse::name).ifPresent(name -> log.put("pinnedByStream", name));
        return log;
    }

    ArrayNode transactions() {
        var all = JSON.arrayNode();
        found.stream().filter(each -> !hasEnded(each)).forEach(each -> all.add(view(each)));
        return all;
    }

    JsonNode transaction(String id) {
        var matching = found.stream()
                .filter(each -> !hasEnded(each))
                .filter(each -> each.unitOfWork().toString().startsWith(id.toLowerCase(Locale.ROOT))
                        || each.id().toString().startsWith(id.toLowerCase(Locale.ROOT)))
                .toList();
        if (matching.size() == 1) {
            return view(matching.get(0));
        }
        throw matching.isEmpty()
                ? ToolException.notFound("expected a transaction of " + manager
                        + ", found none whose unit of work or id"
                        + " begins with \"" + id + "\" in its log: what is not prepared or decided is not there; 'ktm"
                        + " list transactions --log " + directory + "' shows all")
                : ToolException.usage("expected one transaction, found " + matching.size() + " that begin with \"" + id
                        + "\": give more of it");
    }

    private ObjectNode view(TransactionRecord transaction) {
        var view = JSON.objectNode();
        view.put("unitOfWork", transaction.unitOfWork().toString());
        view.put("id", transaction.id().toString());
        view.put("state", state(transaction.status()));
        view.put("outcome", outcome(transaction.status()));
        view.put("isInLog", true);
        view.put("isInDoubt", transaction.status() == Status.PREPARED);
        view.put("isWaitingForLast", transaction.status() == Status.DELEGATED);
        superior(transaction).ifPresent(superior -> view.put("superior", superior));
        var participants = view.putArray("participants");
        transaction.decider().ifPresent(each -> participants.add(participant(transaction, each, true)));
        transaction.participants().forEach(each -> participants.add(participant(transaction, each, false)));
        var damage = view.putArray("damage");
        transaction.damage().forEach(each -> damage.add(view(each)));
        view.put("nextStep", nextStep(transaction));
        return view;
    }

    /** Whether the next start forgets it. */
    private static boolean isForgotten(TransactionRecord transaction) {
        return transaction.status() == Status.ROLLED_BACK
                && transaction.damage().isEmpty();
    }

    /** Whether it is only remembered for its damage. */
    private static boolean hasEnded(TransactionRecord transaction) {
        return !transaction.damage().isEmpty()
                && !isUndecided(transaction)
                && transaction.participants().isEmpty();
    }

    private static boolean isUndecided(TransactionRecord transaction) {
        return transaction.status() == Status.PREPARED || transaction.status() == Status.DELEGATED;
    }

    private static String state(Status status) {
        return switch (status) {
            case COMMITTED -> "COMMITTED";
            case PREPARED, DELEGATED -> "IN_DOUBT";
            case ROLLED_BACK -> "ABORTED";
        };
    }

    private static String outcome(Status status) {
        return switch (status) {
            case COMMITTED -> "COMMITTED";
            case PREPARED -> "UNDETERMINED";
            case DELEGATED -> "UNAVAILABLE";
            case ROLLED_BACK -> "ABORTED";
        };
    }

    private static String nextStep(TransactionRecord transaction) {
        return switch (transaction.status()) {
            case COMMITTED ->
                "at the next start "
                        + Words.count(transaction.participants().size(), "participant")
                        + " will be told to commit, until all have answered";
            case PREPARED ->
                "at the next start the superior is asked; if it is gone for good, resolve or force it then";
            case DELEGATED ->
                "at the next start the last resource is asked what it has decided; if it is gone for good, decide in"
                        + " its place then";
            case ROLLED_BACK -> "it is rolled back: forget it when the damage is mended";
        };
    }

    private static Optional<String> superior(TransactionRecord transaction) {
        return transaction
                .decider()
                .filter(each -> each.resourceManager().equals(SUPERIORS))
                .map(each -> foreignXid(each.recoveryInformation().toBytes()));
    }

    /** Format id, one byte of length, global transaction id, branch qualifier. */
    private static String foreignXid(byte[] bytes) {
        if (bytes.length < Integer.BYTES + 1 || Integer.BYTES + 1 + bytes[Integer.BYTES] > bytes.length) {
            return HexFormat.of().formatHex(bytes);
        }
        var buffer = ByteBuffer.wrap(bytes);
        int formatId = buffer.getInt();
        var global = new byte[buffer.get()];
        buffer.get(global);
        var qualifier = new byte[buffer.remaining()];
        buffer.get(qualifier);
        return formatId + ":" + HexFormat.of().formatHex(global) + ":"
                + HexFormat.of().formatHex(qualifier);
    }

    private ObjectNode participant(TransactionRecord transaction, EnlistmentRecord enlistment, boolean decides) {
        var view = JSON.objectNode();
        view.put("id", enlistment.enlistment().toString());
        if (enlistment.resourceManager().equals(SUPERIORS)) {
            view.put("resourceManager", "superior");
            view.put("kind", "SUPERIOR");
        } else if (enlistment.resourceManager().equals(XA_RESOURCES)) {
            var name = new String(enlistment.recoveryInformation().toBytes(), StandardCharsets.UTF_8);
            view.put("resourceManager", name.isEmpty() ? "unnamed" : name);
            view.put("kind", decides ? "LAST" : "XA");
            view.put("branch", branch(transaction.id(), enlistment.enlistment()));
        } else {
            view.put("resourceManager", enlistment.resourceManager().toString());
            view.put("kind", "NATIVE");
        }
        boolean isCommitted = transaction.status() == Status.COMMITTED;
        view.put("state", isCommitted ? "COMMITTED_NOTIFY" : decides ? "IN_DOUBT" : "PREPARED");
        view.put("owes", decides ? !isCommitted : isCommitted);
        return view;
    }

    private static String branch(TransactionId transaction, UUID enlistment) {
        var qualifier = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(enlistment.getMostSignificantBits())
                .putLong(enlistment.getLeastSignificantBits())
                .array();
        return FORMAT_ID + ":" + HexFormat.of().formatHex(transaction.toBytes()) + ":"
                + HexFormat.of().formatHex(qualifier);
    }

    private static ObjectNode view(Damage damage) {
        var view = JSON.objectNode();
        view.put("resourceManager", damage.resourceManager());
        view.put("enlistment", damage.enlistment().toString());
        view.put("decision", damage.decision().name());
        view.put("code", damage.code());
        view.put("when", Instant.ofEpochMilli(damage.millis()).toString());
        view.put("note", damage.note());
        return view;
    }

    ArrayNode enlistments() {
        var all = JSON.arrayNode();
        for (var transaction : transactions()) {
            for (var participant : transaction.get("participants")) {
                all.addObject()
                        .put("unitOfWork", transaction.get("unitOfWork").asText())
                        .put("state", transaction.get("state").asText())
                        .set("participant", participant);
            }
        }
        return all;
    }

    ArrayNode damaged() {
        var all = JSON.arrayNode();
        for (var each : found) {
            if (!each.damage().isEmpty()) {
                var transaction = view(each);
                var view = all.addObject();
                for (var name : List.of("unitOfWork", "id", "outcome", "damage")) {
                    view.set(name, transaction.get(name));
                }
            }
        }
        return all;
    }

    ArrayNode acts() {
        var all = JSON.arrayNode();
        for (var act : acts) {
            var view = all.addObject();
            view.put("kind", act.kind().name());
            view.put("transaction", act.transaction().toString());
            view.put("unitOfWork", act.unitOfWork().toString());
            act.enlistment().ifPresent(each -> view.put("enlistment", each.toString()));
            view.put("when", act.when().toString());
            view.put("who", act.who());
            view.put("why", act.why());
        }
        return all;
    }

    /** The names that branches in the log were enlisted under, each with how many. */
    ArrayNode resourceManagers() {
        var pending = new LinkedHashMap<String, Integer>();
        var kinds = new LinkedHashMap<String, String>();
        for (var each : enlistments()) {
            var name = each.at("/participant/resourceManager").asText();
            pending.merge(name, 1, Integer::sum);
            kinds.put(name, each.at("/participant/kind").asText());
        }
        var all = JSON.arrayNode();
        pending.forEach((name, count) ->
                all.addObject().put("name", name).put("kind", kinds.get(name)).put("pending", count));
        return all;
    }
}
