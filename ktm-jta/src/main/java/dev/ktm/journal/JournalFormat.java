package dev.ktm.journal;

import dev.ktm.rm.Damage;
import dev.ktm.rm.HeuristicDecision;
import dev.ktm.rm.OperatorAct;
import dev.ktm.rm.TransactionId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The bytes of the journal's records, little-endian; that they are whole is the log's business.
 *
 * <pre>
 *   0         1      2       4             12         20             36      44              46
 *   | version | kind | flags | incarnation | sequence | unit of work | clock | participants  | enlistments - - -
 *
 *   an enlistment:  | resource manager u128 | id u128 | information length u16 | information |
 *   damage:         | count u16 | name length u8 | name | id u128 | decision u8 | code i32 | millis | note length u16 | note - - -
 *   an end:         | version | kind | flags | incarnation | sequence |
 *   an operator's:  | version | kind | flags | incarnation | sequence | manager u128 | unit of work | act u8 | id u128 | millis
 *                   | who length u16 | who | why length u16 | why |
 * </pre>
 * With flag 1 the first enlistment is the one that decides; it is not counted among the participants. With flag 2 damage follows the
 * enlistments. The transaction manager's
 * identity is the log's, and stands in no record but an operator's, which outlives a new identity; an id of zero there is none. Flags that are not known are refused: they may mean anything.
 */
final class JournalFormat {

    /** What a record says. */
    enum Kind {
        /** A {@link TransactionRecord} with status committed. */
        COMMITTED(1),
        /** A {@link TransactionRecord} with status prepared. */
        PREPARED(2),
        /** Everybody has answered, or the outcome is rollback: there is nothing left to remember. */
        ENDED(3),
        /** A {@link TransactionRecord} with status rolled back. */
        ROLLED_BACK(4),
        /** A {@link TransactionRecord} with status delegated. */
        DELEGATED(5),
        /** An {@link OperatorAct}. */
        OPERATOR(6);

        private final byte code;

        Kind(int code) {
            this.code = (byte) code;
        }

        private static Kind of(byte code) {
            for (var kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("kind " + code);
        }
    }

    /** A record that was read; only that of a transaction has one, and only an operator's has an act. */
    record Decoded(
            Kind kind, TransactionId id, Optional<TransactionRecord> transaction, Optional<OperatorAct> operator) {}

    private static final byte VERSION = 1;
    private static final int DECIDER_FLAG = 1;
    private static final int DAMAGE_FLAG = 2;
    private static final int MOST_PARTICIPANTS = 0xFFFF;
    private static final int MOST_NAME_BYTES = 255;
    private static final int MOST_INFORMATION_BYTES = 0xFFFF;

    /** Version, kind, flags, and the numbers of the id: all of an end. */
    static final int END_BYTES = 2 * Byte.BYTES + Short.BYTES + 2 * Long.BYTES;

    private static final int HEADER_BYTES = END_BYTES + 2 * Long.BYTES + Long.BYTES + Short.BYTES;

    /** Behind the numbers of the id: manager, unit of work, act, enlistment, milliseconds, and two lengths. */
    private static final int ACT_BYTES = END_BYTES + 6 * Long.BYTES + Byte.BYTES + Long.BYTES + 2 * Short.BYTES;

    private static final UUID NONE = new UUID(0, 0);

    private JournalFormat() {}

    static int sizeOf(OperatorAct act) {
        return ACT_BYTES
                + act.who().getBytes(StandardCharsets.UTF_8).length
                + act.why().getBytes(StandardCharsets.UTF_8).length;
    }

    static ByteBuffer encode(OperatorAct act) {
        var buffer = ByteBuffer.allocate(sizeOf(act)).order(ByteOrder.LITTLE_ENDIAN);
        putHeader(buffer, Kind.OPERATOR, 0, act.transaction());
        putId(buffer, act.transaction().manager());
        putId(buffer, act.unitOfWork());
        buffer.put(codeOf(act.kind()));
        putId(buffer, act.enlistment().orElse(NONE));
        buffer.putLong(act.when().toEpochMilli());
        putText(buffer, act.who());
        putText(buffer, act.why());
        return buffer.flip();
    }

    static int sizeOf(TransactionRecord transaction) {
        if (transaction.participants().size() > MOST_PARTICIPANTS) {
            throw new IllegalArgumentException("expected at most " + MOST_PARTICIPANTS + " participants, found "
                    + transaction.participants().size());
        }
        int size = HEADER_BYTES;
        if (transaction.decider().isPresent()) {
            size += sizeOf(transaction.decider().get());
        }
        // By number: this is done for every commit, and iterators are objects.
        var participants = transaction.participants();
        for (int i = 0; i < participants.size(); i++) {
            size += sizeOf(participants.get(i));
        }
        if (!transaction.damage().isEmpty()) {
            size += Short.BYTES;
            for (var damage : transaction.damage()) {
                size += sizeOf(damage);
            }
        }
        return size;
    }

    private static int sizeOf(Damage damage) {
        return Byte.BYTES
                + damage.resourceManager().getBytes(StandardCharsets.UTF_8).length
                + 2 * Long.BYTES
                + Byte.BYTES
                + Integer.BYTES
                + Long.BYTES
                + Short.BYTES
                + damage.note().getBytes(StandardCharsets.UTF_8).length;
    }

    private static int sizeOf(EnlistmentRecord enlistment) {
        return 4 * Long.BYTES + Short.BYTES + enlistment.recoveryInformation().size();
    }

    static ByteBuffer encode(TransactionRecord transaction) {
        var buffer = ByteBuffer.allocate(sizeOf(transaction)).order(ByteOrder.LITTLE_ENDIAN);
        encode(transaction, buffer);
        return buffer.flip();
    }

    /** Puts a record into a little-endian buffer that has room for it. */
    static void encode(TransactionRecord transaction, ByteBuffer buffer) {
        var kind = switch (transaction.status()) {
            case COMMITTED -> Kind.COMMITTED;
            case PREPARED -> Kind.PREPARED;
            case DELEGATED -> Kind.DELEGATED;
            case ROLLED_BACK -> Kind.ROLLED_BACK;
        };
        boolean damaged = !transaction.damage().isEmpty();
        int flags = (transaction.decider().isPresent() ? DECIDER_FLAG : 0) | (damaged ? DAMAGE_FLAG : 0);
        putHeader(buffer, kind, flags, transaction.id());
        buffer.putLong(transaction.unitOfWork().getMostSignificantBits());
        buffer.putLong(transaction.unitOfWork().getLeastSignificantBits());
        buffer.putLong(transaction.clock());
        buffer.putShort((short) transaction.participants().size());
        if (transaction.decider().isPresent()) {
            put(buffer, transaction.decider().get());
        }
        var participants = transaction.participants();
        for (int i = 0; i < participants.size(); i++) {
            put(buffer, participants.get(i));
        }
        if (damaged) {
            buffer.putShort((short) transaction.damage().size());
            for (var damage : transaction.damage()) {
                put(buffer, damage);
            }
        }
    }

    static ByteBuffer encodeEnd(TransactionId id) {
        var buffer = ByteBuffer.allocate(END_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        encodeEnd(id, buffer);
        return buffer.flip();
    }

    /** Puts an end into a little-endian buffer that has room for it. */
    static void encodeEnd(TransactionId id, ByteBuffer buffer) {
        putHeader(buffer, Kind.ENDED, 0, id);
    }

    private static void putHeader(ByteBuffer buffer, Kind kind, int flags, TransactionId id) {
        buffer.put(VERSION).put(kind.code).putShort((short) flags);
        buffer.putLong(id.incarnation()).putLong(id.sequence());
    }

    private static void put(ByteBuffer buffer, EnlistmentRecord enlistment) {
        putId(buffer, enlistment.resourceManager());
        putId(buffer, enlistment.enlistment());
        int bytes = enlistment.recoveryInformation().size();
        if (bytes > MOST_INFORMATION_BYTES) {
            throw new IllegalArgumentException(
                    "expected recovery information of at most " + MOST_INFORMATION_BYTES + " bytes, found " + bytes);
        }
        buffer.putShort((short) bytes);
        enlistment.recoveryInformation().putTo(buffer);
    }

    private static void put(ByteBuffer buffer, Damage damage) {
        putName(buffer, damage.resourceManager());
        putId(buffer, damage.enlistment());
        buffer.put(codeOf(damage.decision())).putInt(damage.code()).putLong(damage.millis());
        putText(buffer, damage.note());
    }

    private static void putText(ByteBuffer buffer, String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        buffer.putShort((short) bytes.length).put(bytes);
    }

    private static void putName(ByteBuffer buffer, String text) {
        var name = text.getBytes(StandardCharsets.UTF_8);
        if (name.length > MOST_NAME_BYTES) {
            throw new IllegalArgumentException(
                    "expected a name of at most " + MOST_NAME_BYTES + " bytes, found " + name.length + ": " + text);
        }
        buffer.put((byte) name.length).put(name);
    }

    private static void putId(ByteBuffer buffer, UUID id) {
        buffer.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    }

    private static byte codeOf(OperatorAct.Kind kind) {
        return switch (kind) {
            case COMPLETE -> 1;
            case FORGET -> 2;
            case COMMIT -> 3;
            case ROLL_BACK -> 4;
            case RESOLVE_COMMIT -> 5;
            case RESOLVE_ROLLBACK -> 6;
            case FORCE_COMMIT -> 7;
            case FORCE_ROLLBACK -> 8;
            case ROLLBACK -> 9;
        };
    }

    private static OperatorAct.Kind actOf(byte code) {
        return switch (code) {
            case 1 -> OperatorAct.Kind.COMPLETE;
            case 2 -> OperatorAct.Kind.FORGET;
            case 3 -> OperatorAct.Kind.COMMIT;
            case 4 -> OperatorAct.Kind.ROLL_BACK;
            case 5 -> OperatorAct.Kind.RESOLVE_COMMIT;
            case 6 -> OperatorAct.Kind.RESOLVE_ROLLBACK;
            case 7 -> OperatorAct.Kind.FORCE_COMMIT;
            case 8 -> OperatorAct.Kind.FORCE_ROLLBACK;
            case 9 -> OperatorAct.Kind.ROLLBACK;
            default -> throw new IllegalArgumentException("act of an operator " + code);
        };
    }

    private static byte codeOf(HeuristicDecision decision) {
        return switch (decision) {
            case COMMIT -> 1;
            case ROLLBACK -> 2;
            case MIXED -> 3;
            case HAZARD -> 4;
        };
    }

    private static HeuristicDecision decisionOf(byte code) {
        return switch (code) {
            case 1 -> HeuristicDecision.COMMIT;
            case 2 -> HeuristicDecision.ROLLBACK;
            case 3 -> HeuristicDecision.MIXED;
            case 4 -> HeuristicDecision.HAZARD;
            default -> throw new IllegalArgumentException("heuristic decision " + code);
        };
    }

    /**
     * Reads a record.
     *
     * @throws JournalException if it is none that this version knows
     */
    static Decoded decode(UUID manager, ByteBuffer payload) throws JournalException {
        var buffer = payload.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        try {
            return decodeBody(manager, buffer);
        } catch (BufferUnderflowException | IllegalArgumentException | CharacterCodingException e) {
            throw new JournalException(
                    "expected a record of the journal, found one that makes no sense at byte "
                            + (buffer.position() - payload.position()) + ": " + e,
                    e);
        }
    }

    private static Decoded decodeBody(UUID manager, ByteBuffer buffer)
            throws JournalException, CharacterCodingException {
        int version = buffer.get();
        if (version != VERSION) {
            throw new JournalException("expected a record of version " + VERSION + ", found version " + version, null);
        }
        var kind = Kind.of(buffer.get());
        int flags = buffer.getShort();
        if ((flags & ~(DECIDER_FLAG | DAMAGE_FLAG)) != 0) {
            throw new IllegalArgumentException("flags " + flags);
        }
        long incarnation = buffer.getLong();
        long sequence = buffer.getLong();
        var decoded = kind == Kind.OPERATOR
                ? getAct(buffer, incarnation, sequence, flags)
                : getDecision(buffer, kind, new TransactionId(manager, incarnation, sequence), flags);
        if (buffer.hasRemaining()) {
            throw new IllegalArgumentException(buffer.remaining() + " bytes behind the end");
        }
        return decoded;
    }

    private static Decoded getDecision(ByteBuffer buffer, Kind kind, TransactionId id, int flags)
            throws CharacterCodingException {
        var transaction = kind == Kind.ENDED
                ? Optional.<TransactionRecord>empty()
                : Optional.of(getBody(buffer, kind, id, flags));
        return new Decoded(kind, id, transaction, Optional.empty());
    }

    private static Decoded getAct(ByteBuffer buffer, long incarnation, long sequence, int flags)
            throws CharacterCodingException {
        if (flags != 0) {
            throw new IllegalArgumentException("flags " + flags + " of an operator's act");
        }
        var id = new TransactionId(getId(buffer), incarnation, sequence);
        var unitOfWork = getId(buffer);
        var kind = actOf(buffer.get());
        var enlistment = getId(buffer);
        var when = Instant.ofEpochMilli(buffer.getLong());
        var who = getText(buffer, Short.toUnsignedInt(buffer.getShort()));
        var why = getText(buffer, Short.toUnsignedInt(buffer.getShort()));
        var act = new OperatorAct(
                kind,
                id,
                unitOfWork,
                enlistment.equals(NONE) ? Optional.empty() : Optional.of(enlistment),
                when,
                who,
                why);
        return new Decoded(Kind.OPERATOR, id, Optional.empty(), Optional.of(act));
    }

    private static UUID getId(ByteBuffer buffer) {
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    private static TransactionRecord getBody(ByteBuffer buffer, Kind kind, TransactionId id, int flags)
            throws CharacterCodingException {
        var unitOfWork = new UUID(buffer.getLong(), buffer.getLong());
        long clock = buffer.getLong();
        int count = Short.toUnsignedInt(buffer.getShort());
        var decider =
                (flags & DECIDER_FLAG) == 0 ? Optional.<EnlistmentRecord>empty() : Optional.of(getEnlistment(buffer));
        List<EnlistmentRecord> participants = new ArrayList<>(Math.min(count, 16));
        for (int i = 0; i < count; i++) {
            participants.add(getEnlistment(buffer));
        }
        List<Damage> damage = new ArrayList<>();
        int damages = (flags & DAMAGE_FLAG) == 0 ? 0 : Short.toUnsignedInt(buffer.getShort());
        for (int i = 0; i < damages; i++) {
            damage.add(getDamage(buffer));
        }
        var status = switch (kind) {
            case COMMITTED -> TransactionRecord.Status.COMMITTED;
            case PREPARED -> TransactionRecord.Status.PREPARED;
            case DELEGATED -> TransactionRecord.Status.DELEGATED;
            case ROLLED_BACK -> TransactionRecord.Status.ROLLED_BACK;
            case ENDED, OPERATOR -> throw new IllegalArgumentException("kind " + kind);
        };
        return new TransactionRecord(status, id, unitOfWork, clock, decider, participants, damage);
    }

    private static EnlistmentRecord getEnlistment(ByteBuffer buffer) {
        var resourceManager = new UUID(buffer.getLong(), buffer.getLong());
        var enlistment = new UUID(buffer.getLong(), buffer.getLong());
        var information = getBytes(buffer, Short.toUnsignedInt(buffer.getShort()));
        return new EnlistmentRecord(resourceManager, enlistment, information);
    }

    private static Damage getDamage(ByteBuffer buffer) throws CharacterCodingException {
        var name = getText(buffer, Byte.toUnsignedInt(buffer.get()));
        var enlistment = new UUID(buffer.getLong(), buffer.getLong());
        var decision = decisionOf(buffer.get());
        int code = buffer.getInt();
        long millis = buffer.getLong();
        var note = getText(buffer, Short.toUnsignedInt(buffer.getShort()));
        return new Damage(name, enlistment, decision, code, millis, note);
    }

    private static String getText(ByteBuffer buffer, int length) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(getBytes(buffer, length)))
                .toString();
    }

    private static byte[] getBytes(ByteBuffer buffer, int length) {
        if (length > buffer.remaining()) {
            throw new BufferUnderflowException();
        }
        var bytes = new byte[length];
        buffer.get(bytes);
        return bytes;
    }
}
