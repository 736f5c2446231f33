package dev.ktm.protocol;

import dev.ktm.rm.KtmException;
import dev.ktm.rm.Notification;
import dev.ktm.rm.NotificationMask;
import dev.ktm.rm.Outcome;
import java.util.ArrayList;
import java.util.List;

/** A transaction whose effects are written down and carried out by nobody. */
final class Script implements Effects {

    static final NotificationMask ALL_PHASES = NotificationMask.of(
            Notification.PREPREPARE, Notification.PREPARE, Notification.COMMIT, Notification.ROLLBACK);
    static final NotificationMask SINGLE_PHASE = NotificationMask.of(
            Notification.PREPREPARE,
            Notification.PREPARE,
            Notification.COMMIT,
            Notification.ROLLBACK,
            Notification.SINGLE_PHASE_COMMIT);
    static final NotificationMask SUPERIOR = NotificationMask.of(
            Notification.COMMIT,
            Notification.PREPREPARE,
            Notification.ROLLBACK,
            Notification.PREPREPARE_COMPLETE,
            Notification.PREPARE_COMPLETE,
            Notification.COMMIT_COMPLETE,
            Notification.ROLLBACK_COMPLETE,
            Notification.REQUEST_OUTCOME);

    private final List<String> effects = new ArrayList<>();
    private final List<Named> named = new ArrayList<>();
    final TransactionProtocol protocol = new TransactionProtocol(this);

    /** A participant with a name. */
    static final class Named extends Participant {
        private final String name;

        Named(String name, NotificationMask mask, boolean durable, Role role) {
            super(mask, durable, role);
            this.name = name;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    Named enlist(String name, NotificationMask mask) throws KtmException {
        return enlist(new Named(name, mask, true, Role.ANY));
    }

    Named enlistVolatile(String name, NotificationMask mask) throws KtmException {
        return enlist(new Named(name, mask, false, Role.ANY));
    }

    Named enlistSuperior(String name, NotificationMask mask) throws KtmException {
        return enlist(new Named(name, mask, true, Role.SUPERIOR));
    }

    Named enlistLast(String name, NotificationMask mask) throws KtmException {
        return enlist(new Named(name, mask, true, Role.LAST));
    }

    Named enlistFirst(String name, NotificationMask mask) throws KtmException {
        return enlist(new Named(name, mask, true, Role.FIRST));
    }

    private Named enlist(Named participant) throws KtmException {
        protocol.enlist(participant);
        named.add(participant);
        return participant;
    }

    void reply(Named participant, Reply reply) throws KtmException {
        protocol.reply(participant, reply);
    }

    /** What was wanted since this was asked last. */
    List<String> taken() {
        var taken = List.copyOf(effects);
        effects.clear();
        return taken;
    }

    @Override
    public void tell(Participant participant, Notification notification) {
        effects.add(participant + " " + notification);
    }

    @Override
    public void reserve() {
        effects.add("reserve");
    }

    @Override
    public void forceDecision() {
        effects.add("force decision");
    }

    @Override
    public void forcePrepared() {
        effects.add("force prepared");
    }

    @Override
    public void forceSuperiorDecision() {
        effects.add("force superior's decision");
    }

    @Override
    public void forceDelegation() {
        effects.add("force delegation");
    }

    @Override
    public void forceRollback() {
        effects.add("force rollback");
    }

    @Override
    public void forceForgotten() {
        effects.add("force forgotten");
    }

    @Override
    public void complete(Outcome outcome) {
        effects.add("complete " + outcome);
    }

    @Override
    public void forget() {
        effects.add("forget");
    }
}
