package dev.ktm.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.log.testing.Conforms;
import dev.ktm.log.testing.FaultPlan;
import dev.ktm.log.testing.OperationKind;
import dev.ktm.rm.Outcome;
import dev.ktm.rm.TransactionState;
import jakarta.transaction.RollbackException;
import jakarta.transaction.Status;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who sees what of whom, and who is refused. */
@Timeout(60)
class IsolationTest {

    private Site site;

    @BeforeEach
    void open() throws Exception {
        site = new Site();
    }

    @AfterEach
    void close() {
        site.close();
    }

    static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(RegistryError error, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        refused -> assertThat(refused.error())
                                .as(refused.getMessage())
                                .isEqualTo(error));
    }

    private RegistryKey plain(String path) throws Exception {
        return site.root().openKey(path);
    }

    private static Optional<String> text(RegistryKey key, String name) throws Exception {
        return key.find(name).flatMap(RegistryValue::asString);
    }

    @Test
    @Conforms("TXR-01")
    void aValueIsSeenByItsTransactionAtOnceAndByOthersAfterItsCommit() throws Exception {
        site.root().createKey("a").setValue(RegistryValue.string("v", "old"));

        site.begin();
        var key = site.registry().transactedRoot().openKey("a");
        key.setValue(RegistryValue.string("v", "new"));
        assertThat(text(key, "v")).contains("new");
        assertThat(text(plain("a"), "v")).contains("old");
        var first = site.suspend();
        site.begin();
        assertThat(text(site.registry().transactedRoot().openKey("a"), "v")).contains("old");
        site.rollback();
        site.resume(first);
        site.commit();

        assertThat(text(plain("a"), "v")).contains("new");
    }

    @Test
    @Conforms("TXR-02")
    void aRollbackRestoresEverythingExactly() throws Exception {
        var a = site.root().createKey("a");
        a.setValue(RegistryValue.string("text", "old"));
        a.setValue(RegistryValue.dword("number", 1));
        a.createKey("below\\deeper").setValue(RegistryValue.qword("", 2));
        a.createKey("gone", new KeyCreation(false, "class"));
        var before = Site.everythingIn(site.root());

        site.begin();
        var key = site.registry().transactedRoot().openKey("a");
        key.setValue(RegistryValue.binary("text", new byte[] {1}));
        key.deleteValue("number");
        key.setValue(RegistryValue.string("more", "x"));
        key.createKey("new\\newer").setValue(RegistryValue.string("", "y"));
        key.deleteKey("gone");
        key.deleteTree("below");
        key.setSecurity(new KeySecurity("somebody", Map.of()));
        assertThat(Site.everythingIn(key)).isNotEqualTo(before);
        site.rollback();

        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
    }

    @Test
    @Conforms("TXR-03")
    void aNewKeyAndThoseOnTheWayToItAreSeenAfterTheCommitOnly() throws Exception {
        site.begin();
        site.registry().transactedRoot().createKey("a\\b\\c");
        assertThat(site.registry().transactedRoot().openKey("a\\b\\c").path()).isEqualTo("a\\b\\c");
        assertThat(site.root().subkeys()).isEmpty();
        site.rollback();
        assertThat(site.root().subkeys()).isEmpty();

        site.begin();
        site.registry().transactedRoot().createKey("a\\b\\c");
        site.commit();
        assertThat(plain("a\\b").subkeys()).containsExactly("c");
    }

    @Test
    @Conforms({"TXR-04", "TXR-05"})
    void aPlainWriteWinsAndTheTransactionIsRolledBackEverywhere() throws Exception {
        site.root().createKey("a");
        site.registry().loadHive("other");
        var transaction = site.begin();
        var beside = site.registry().transactedRoot().createKey("other\\beside");
        beside.setValue(RegistryValue.string("v", "x"));
        var key = site.registry().transactedRoot().openKey("a");
        key.setValue(RegistryValue.string("v", "transacted"));

        plain("a").setValue(RegistryValue.string("V", "plain"));

        assertThat(text(plain("a"), "v")).contains("plain");
        assertRefused(RegistryError.TRANSACTION_ALREADY_ABORTED, () -> key.setValue(RegistryValue.dword("x", 1)));
        assertRefused(RegistryError.TRANSACTION_ALREADY_ABORTED, () -> key.find("v"))
                .hasMessageContaining("outside of transactions");
        assertRefused(RegistryError.TRANSACTION_ALREADY_ABORTED, () -> beside.find("v"));
        assertThat(transaction.outcome()).isEqualTo(Outcome.ABORTED);
        assertThatThrownBy(site::commit).isInstanceOf(RollbackException.class);
        assertThat(text(plain("a"), "v")).contains("plain");
        assertThat(plain("other").subkeys()).isEmpty();
        assertThat(site.registry().main().locks().isEmpty()).isTrue();
    }

    @Test
    void ifTransactedWritersWinAPlainWriteIsRefused() throws Exception {
        site.close();
        site = new Site(options -> options.plainWins(false));
        site.root().createKey("a");
        site.begin();
        site.registry().transactedRoot().openKey("a").setValue(RegistryValue.string("v", "transacted"));

        assertRefused(
                RegistryError.TRANSACTIONAL_CONFLICT, () -> plain("a").setValue(RegistryValue.string("v", "plain")));
        plain("a").setValue(RegistryValue.string("other", "plain"));
        site.commit();

        assertThat(text(plain("a"), "v")).contains("transacted");
    }

    /** Of two transactions in its way one can no longer lose. */
    @Test
    void aPlainWriteThatIsRefusedHarmsNobody() throws Exception {
        site.root().createKey("p\\a");
        site.root().createKey("p\\b");
        var resource = site.registry().xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        site.registry().transactedRoot().openKey("p\\b").setValue(RegistryValue.string("v", "prepared"));
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);
        var active = site.begin();
        var a = site.registry().transactedRoot().openKey("p\\a");
        a.setValue(RegistryValue.string("v", "1"));

        assertRefused(RegistryError.TRANSACTIONAL_CONFLICT, () -> site.root().deleteTree("p"));

        assertThat(active.state()).isEqualTo(TransactionState.ACTIVE);
        a.setValue(RegistryValue.string("w", "2"));
        site.commit();
        resource.commit(xid, false);
        assertThat(plain("p\\a").values()).extracting(RegistryValue::name).containsExactly("v", "w");
        assertThat(text(plain("p\\b"), "v")).contains("prepared");
        assertThat(site.registry().main().locks().isEmpty()).isTrue();
    }

    @Test
    void aPlainWriteWinsAgainstAllThatAreInItsWayAtOnce() throws Exception {
        site.root().createKey("p\\a");
        site.root().createKey("p\\b");
        for (int bytes : new int[] {0, 3 << 20}) {
            var one = site.begin();
            site.registry().transactedRoot().openKey("p\\a").setValue(RegistryValue.string("v", "1"));
            site.suspend();
            var two = site.begin();
            site.registry().transactedRoot().openKey("p\\a").setValue(RegistryValue.binary("large", new byte[1]));
            site.suspend();

            plain("p\\a").setValue(RegistryValue.binary("large", new byte[bytes]));
            assertThat(one.outcome()).isEqualTo(Outcome.UNDETERMINED);
            assertThat(two.outcome()).isEqualTo(Outcome.ABORTED);
            plain("p").deleteTree("a");
            assertThat(one.outcome()).isEqualTo(Outcome.ABORTED);
            site.root().createKey("p\\a");
            assertThat(site.registry().main().locks().isEmpty()).isTrue();
        }
    }

    /** Nothing can be rolled back for it that votes while it looks for room. */
    @Test
    void whoSealsItsWorkInTimeIsNotMetByAPlainWriteAnyMore() throws Exception {
        var locks = new Locks(true);
        var transaction = new Locks.Owner(false);
        locks.take(transaction, 7, Locks.Kind.VALUE, "v");
        var writer = locks.beginPlain();
        locks.take(writer, 7, Locks.Kind.REMOVE, "");
        locks.seal(transaction);
        locks.end(transaction);

        assertRefused(RegistryError.TRANSACTIONAL_CONFLICT, () -> locks.seal(writer));
        locks.endPlain(writer);
        assertThat(locks.isEmpty()).isTrue();

        var other = new Locks.Owner(false);
        locks.take(other, 7, Locks.Kind.VALUE, "v");
        var second = locks.beginPlain();
        locks.take(second, 7, Locks.Kind.VALUE, "V");
        locks.check(other);
        locks.seal(second);
        assertRefused(RegistryError.TRANSACTION_ALREADY_ABORTED, () -> locks.seal(other));
        locks.endPlain(second);
        locks.end(other);
        assertThat(locks.isEmpty()).isTrue();
    }

    @Test
    void aPlainWriteThatFindsNoRoomInTheLogHarmsNobody() throws Exception {
        site.root().createKey("a");
        var transaction = site.begin();
        var a = site.registry().transactedRoot().openKey("a");
        a.setValue(RegistryValue.string("v", "1"));
        var suspended = site.suspend();
        // No checkpoint can be made, so the log has to keep everything.
        site.files().injectFaults(FaultPlan.none().failFrom(OperationKind.CREATE, 1));
        var large = new byte[20_000];
        assertRefused(RegistryError.IO_FAILED, () -> {
            while (true) {
                site.root().createKey("other").setValue(RegistryValue.binary("large", large));
            }
        });

        assertRefused(RegistryError.IO_FAILED, () -> plain("a").setValue(RegistryValue.binary("v", large)));

        assertThat(transaction.outcome()).isEqualTo(Outcome.UNDETERMINED);
        site.files().injectFaults(FaultPlan.none());
        site.registry().checkpoint();
        site.resume(suspended);
        a.setValue(RegistryValue.string("w", "2"));
        site.commit();
        assertThat(text(plain("a"), "v")).contains("1");
    }

    @Test
    void aPlainWriteThatChangesNothingHarmsNobody() throws Exception {
        site.root().createKey("a");
        site.begin();
        site.registry().transactedRoot().openKey("a").setValue(RegistryValue.string("v", "1"));

        assertThat(plain("a").deleteValue("v")).isFalse();
        assertRefused(RegistryError.KEY_NOT_FOUND, () -> site.root().deleteKey("b"));
        assertThat(site.root().createKey("a").isCreated()).isFalse();
        site.commit();

        assertThat(text(plain("a"), "v")).contains("1");
    }

    @Test
    @Conforms("TXR-06")
    void aSecondTransactionIsRefusedWhatTheFirstHasChanged() throws Exception {
        site.root().createKey("a\\sub");
        site.root().createKey("b");
        site.begin();
        var first = site.registry().transactedRoot();
        first.openKey("a").setValue(RegistryValue.string("v", "1"));
        first.createKey("new");
        first.renameKey("b", "c");
        var one = site.suspend();

        var two = site.begin();
        var second = site.registry().root(two);
        var conflict = RegistryError.TRANSACTIONAL_CONFLICT;
        assertRefused(conflict, () -> second.openKey("a").setValue(RegistryValue.string("V", "2")));
        assertRefused(conflict, () -> second.deleteTree("a"));
        assertRefused(conflict, () -> second.createKey("NEW"));
        assertRefused(conflict, () -> second.deleteKey("b"));
        assertRefused(conflict, () -> second.createKey("c"));
        second.openKey("a").setValue(RegistryValue.string("w", "2"));
        assertThat(two.state()).isEqualTo(TransactionState.ACTIVE);
        site.commit();

        site.resume(one);
        site.commit();
        assertThat(plain("a").values()).extracting(RegistryValue::name).containsExactly("v", "w");
        assertThat(site.root().subkeys()).containsExactly("a", "c", "new");
    }

    @Test
    @Conforms("TXR-07")
    void nobodyWaitsForAWriterInOrderToRead() throws Exception {
        site.root().createKey("a").setValue(RegistryValue.string("v", "old"));
        site.begin();
        var root = site.registry().transactedRoot();
        root.openKey("a").setValue(RegistryValue.string("v", "new"));
        root.createKey("b");
        var writer = site.suspend();

        // All in the thread that also has the writer: whoever waited would wait for ever.
        assertThat(text(plain("a"), "v")).contains("old");
        var reading = site.begin();
        assertThat(text(site.registry().root(reading).openKey("a"), "v")).contains("old");
        assertThat(site.registry().root(reading).subkeys()).containsExactly("a");
        site.commit();

        site.resume(writer);
        site.commit();
    }

    @Test
    @Conforms("TXR-08")
    void whatIsReadTwiceMayHaveChangedInBetween() throws Exception {
        site.root().createKey("a").setValue(RegistryValue.string("v", "old"));
        var reading = site.begin();
        var key = site.registry().root(reading).openKey("a");
        key.setValue(RegistryValue.string("mine", "x"));
        assertThat(text(key, "v")).contains("old");
        var reader = site.suspend();

        site.begin();
        site.registry().transactedRoot().openKey("a").setValue(RegistryValue.string("v", "new"));
        site.commit();

        assertThat(text(key, "v")).contains("new");
        site.resume(reader);
        site.commit();
    }

    @Test
    @Conforms({"TXR-09", "TXR-10"})
    void plainCallsOnATransactedKeyAreNotTransacted() throws Exception {
        site.close();
        site = new Site(options -> options.inheriting(false));
        site.root().createKey("a\\sub");
        site.root().createKey("a\\one");
        site.root().createKey("a\\two");
        var transaction = site.begin();
        var key = site.registry().root(transaction).openTransacted("a");
        assertThat(key.transaction()).contains(transaction.unitOfWork());

        var sub = key.openKey("sub");
        assertThat(sub.transaction()).isEmpty();
        sub.setValue(RegistryValue.string("v", "plain"));
        key.deleteKey("one");
        key.deleteTransacted("two");
        assertThat(plain("a").subkeys()).containsExactly("sub", "two");
        site.rollback();

        assertThat(text(plain("a\\sub"), "v")).contains("plain");
        assertThat(plain("a").subkeys()).containsExactly("sub", "two");
    }

    @Test
    void unlessToldOtherwiseSubkeysBelongToTheTransaction() throws Exception {
        site.root().createKey("a\\sub");
        var transaction = site.begin();
        var sub = site.registry().root(transaction).openKey("a").openKey("sub");
        assertThat(sub.transaction()).contains(transaction.unitOfWork());
        assertThat(sub.plain().transaction()).isEmpty();
        assertThat(plain("a").openTransacted("sub").transaction()).contains(transaction.unitOfWork());
        site.rollback();
    }

    @Test
    @Conforms("TXR-11")
    void aKeyWithSubkeysIsDeletedAsATreeOnlyAndThenAsAWhole() throws Exception {
        site.root().createKey("a\\b\\c").setValue(RegistryValue.string("v", "1"));
        site.root().createKey("a\\d");
        var before = Site.everythingIn(site.root());
        assertRefused(RegistryError.KEY_HAS_CHILDREN, () -> site.root().deleteKey("a"));

        site.begin();
        site.registry().transactedRoot().deleteTree("a");
        assertThat(site.registry().transactedRoot().subkeys()).isEmpty();
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        site.rollback();
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);

        site.begin();
        site.registry().transactedRoot().deleteTree("a");
        site.commit();
        assertThat(site.root().subkeys()).isEmpty();
        assertThat(site.registry().main().tree().durable().size()).isOne();
    }

    @Test
    @Conforms({"TXR-12", "TXR-27"})
    void afterItsEndAHandleHasNoTransactionAndWritesNothing() throws Exception {
        site.root().createKey("a");
        assertThat(plain("a").transaction()).isEmpty();
        var transaction = site.begin();
        var key = site.registry().transactedRoot().openKey("a");
        assertThat(key.transaction()).contains(transaction.unitOfWork());
        key.setValue(RegistryValue.string("v", "1"));
        site.commit();

        assertThat(key.transaction()).isEmpty();
        assertThat(text(key, "v")).contains("1");
        assertRefused(RegistryError.TRANSACTION_NOT_ACTIVE, () -> key.setValue(RegistryValue.string("v", "2")));
        assertRefused(RegistryError.TRANSACTION_NOT_ACTIVE, () -> key.createKey("b"));

        site.begin();
        var rolledBack = site.registry().transactedRoot().openKey("a");
        rolledBack.setValue(RegistryValue.string("v", "3"));
        site.rollback();
        assertThat(rolledBack.transaction()).isEmpty();
        assertRefused(
                RegistryError.TRANSACTION_ALREADY_ABORTED, () -> rolledBack.setValue(RegistryValue.string("v", "4")));
        assertThat(text(plain("a"), "v")).contains("1");
    }

    @Test
    @Conforms("TXR-20")
    void aRenameIsUndoneWithEverythingBelow() throws Exception {
        site.root().createKey("a\\b\\c").setValue(RegistryValue.string("v", "1"));
        var c = plain("a\\b\\c");
        var before = Site.everythingIn(site.root());

        site.begin();
        var root = site.registry().transactedRoot();
        root.renameKey("a", "z");
        root.openKey("z\\b\\c").setValue(RegistryValue.string("v", "2"));
        assertThat(root.subkeys()).containsExactly("z");
        assertThat(c.path()).isEqualTo("a\\b\\c");
        site.rollback();
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);

        site.begin();
        site.registry().transactedRoot().renameKey("a", "Z");
        site.commit();
        assertThat(c.path()).isEqualTo("Z\\b\\c");
        assertThat(text(c, "v")).contains("1");
        assertRefused(RegistryError.KEY_NOT_FOUND, () -> plain("a"));
    }

    @Test
    @Conforms("TXR-21")
    void newSecurityHoldsOutsideFromTheCommitOn() throws Exception {
        site.close();
        site = new Site(options -> options.principals(() -> Set.of("user")));
        site.root().createKey("a");
        var closed = new KeySecurity("admin", Map.of("user", KeyRight.READ));

        site.begin();
        var key = site.registry().transactedRoot().openKey("a");
        key.setSecurity(closed);
        assertThat(key.security()).isEqualTo(closed);
        assertRefused(
                RegistryError.ACCESS_DENIED,
                () -> site.registry().transactedRoot().openKey("a", KeyRight.SET_VALUE));
        plain("a").setValue(RegistryValue.string("v", "1"));
        assertThat(plain("a").rights()).isEqualTo(KeyRight.ALL);
        site.commit();

        assertThat(plain("a").rights()).isEqualTo(KeyRight.READ);
        assertRefused(RegistryError.ACCESS_DENIED, () -> plain("a").setValue(RegistryValue.string("v", "2")));
        assertRefused(RegistryError.ACCESS_DENIED, () -> site.root().createKey("a\\b"));
        assertRefused(RegistryError.ACCESS_DENIED, () -> site.root().deleteKey("a"));
        assertRefused(RegistryError.ACCESS_DENIED, () -> plain("a").setSecurity(KeySecurity.OPEN));
    }

    @Test
    @Conforms("TXR-23")
    void aWatcherOutsideGetsOneBatchInOrderAtTheCommitAndNothingOfARollback() throws Exception {
        var batches = new LinkedBlockingQueue<List<RegistryChange>>();
        site.root().createKey("a\\b");
        plain("a").watch(true, batches::add);

        site.begin();
        site.registry().transactedRoot().createKey("a\\never").setValue(RegistryValue.string("v", "x"));
        site.rollback();
        site.begin();
        var root = site.registry().transactedRoot();
        root.openKey("a").setValue(RegistryValue.string("v", "1"));
        root.createKey("a\\new");
        root.createKey("elsewhere");
        root.openKey("a\\b").deleteValue("missing");
        root.deleteKey("a\\b");
        assertThat(batches).isEmpty();
        site.commit();

        assertThat(Objects.requireNonNull(batches.poll(30, TimeUnit.SECONDS)))
                .containsExactly(
                        new RegistryChange(RegistryChange.Kind.VALUE_SET, "a", "v"),
                        new RegistryChange(RegistryChange.Kind.KEY_CREATED, "a\\new", "new"),
                        new RegistryChange(RegistryChange.Kind.KEY_DELETED, "a\\b", "b"));
        plain("a").setValue(RegistryValue.string("last", "1"));
        assertThat(Objects.requireNonNull(batches.poll(30, TimeUnit.SECONDS)))
                .containsExactly(new RegistryChange(RegistryChange.Kind.VALUE_SET, "a", "last"));
        assertThat(batches).isEmpty();
    }

    @Test
    @Conforms("TXR-23")
    void aWatcherHearsOfWhatAnEarlierLifeHasPrepared() throws Exception {
        for (var name : List.of("deleted", "renamed", "changed")) {
            site.root().createKey("a\\" + name).setValue(RegistryValue.string("v", "1"));
        }
        var resource = site.registry().xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        var a = site.registry().transactedRoot().openKey("a");
        a.deleteKey("deleted");
        a.renameKey("renamed", "other");
        a.openKey("changed").setValue(RegistryValue.string("w", "2"));
        a.openKey("changed").deleteValue("v");
        a.openKey("changed").setSecurity(new KeySecurity("me", Map.of("*", KeyRight.ALL)));
        a.createKey("new").setValue(RegistryValue.string("n", "3"));
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);
        site.crash();
        var batches = new LinkedBlockingQueue<List<RegistryChange>>();
        site.root().watch(true, batches::add);

        site.registry().xaResource().commit(xid, false);

        assertThat(Objects.requireNonNull(batches.poll(30, TimeUnit.SECONDS)))
                .containsExactlyInAnyOrder(
                        new RegistryChange(RegistryChange.Kind.KEY_DELETED, "a\\deleted", "deleted"),
                        new RegistryChange(RegistryChange.Kind.KEY_RENAMED, "a\\other", "renamed"),
                        new RegistryChange(RegistryChange.Kind.VALUE_SET, "a\\changed", "w"),
                        new RegistryChange(RegistryChange.Kind.VALUE_DELETED, "a\\changed", "v"),
                        new RegistryChange(RegistryChange.Kind.SECURITY_SET, "a\\changed", ""),
                        new RegistryChange(RegistryChange.Kind.KEY_CREATED, "a\\new", "new"),
                        new RegistryChange(RegistryChange.Kind.VALUE_SET, "a\\new", "n"));
    }

    @Test
    void aListenerThatFailsTakesNothingFromThoseBehindIt() throws Exception {
        var batches = new LinkedBlockingQueue<List<RegistryChange>>();
        site.root().watch(true, batch -> {
            throw new StackOverflowError("of a listener");
        });
        site.root().watch(true, batches::add);

        site.root().createKey("a");

        assertThat(Objects.requireNonNull(batches.poll(30, TimeUnit.SECONDS)))
                .containsExactly(new RegistryChange(RegistryChange.Kind.KEY_CREATED, "a", "a"));
    }

    @Test
    void aWatcherInATransactionGetsItsOwnChangesAtOnce() throws Exception {
        var batches = new LinkedBlockingQueue<List<RegistryChange>>();
        site.root().createKey("a");
        site.begin();
        var key = site.registry().transactedRoot().openKey("a");
        key.watch(false, batches::add);
        plain("a").setValue(RegistryValue.string("other", "1"));
        key.setValue(RegistryValue.string("v", "1"));

        assertThat(Objects.requireNonNull(batches.poll(30, TimeUnit.SECONDS)))
                .containsExactly(new RegistryChange(RegistryChange.Kind.VALUE_SET, "a", "v"));
        site.rollback();
    }

    @Test
    @Conforms("TXR-25")
    void aHiveIsNotUnloadedWhileTransactionsArePending() throws Exception {
        site.registry().loadHive("users");
        site.root().createKey("users\\a");
        site.begin();
        site.registry().transactedRoot().openKey("users\\a").setValue(RegistryValue.string("v", "1"));
        assertRefused(RegistryError.TRANSACTIONS_PENDING, () -> site.registry().unloadHive("users"));
        site.rollback();

        var resource = site.registry().xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        site.registry().transactedRoot().openKey("users\\a").setValue(RegistryValue.string("v", "2"));
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);
        assertRefused(RegistryError.TRANSACTIONS_PENDING, () -> site.registry().unloadHive("users"));
        // What is prepared cannot be rolled back by a plain write any more: that is refused.
        assertRefused(
                RegistryError.TRANSACTIONAL_CONFLICT,
                () -> plain("users\\a").setValue(RegistryValue.string("v", "plain")));
        resource.commit(xid, false);

        var key = plain("users\\a");
        site.registry().unloadHive("Users");
        assertRefused(RegistryError.HIVE_NOT_LOADED, () -> key.find("v"));
        assertRefused(RegistryError.KEY_NOT_FOUND, () -> plain("users\\a"));
        site.registry().loadHive("users");
        assertThat(text(plain("users\\a"), "v")).contains("2");
    }

    @Test
    @Conforms("TXR-26")
    void aDeletedKeyTakesNothingMoreAndIsNotTheOneThatIsMadeInItsPlace() throws Exception {
        site.root().createKey("a").setValue(RegistryValue.string("v", "1"));
        var key = plain("a");
        site.root().deleteKey("a");

        var deleted = RegistryError.KEY_DELETED;
        assertRefused(deleted, () -> key.setValue(RegistryValue.string("v", "2")));
        assertRefused(deleted, () -> key.createKey("b"));
        assertRefused(deleted, () -> key.find("v"));
        site.root().createKey("a");
        assertRefused(deleted, () -> key.setValue(RegistryValue.string("v", "2")));
        assertThat(plain("a").values()).isEmpty();

        site.begin();
        var inside = site.registry().transactedRoot().openKey("a");
        site.registry().transactedRoot().deleteKey("a");
        assertRefused(deleted, () -> inside.setValue(RegistryValue.string("v", "2")));
        assertRefused(deleted, () -> inside.createKey("b"));
        site.rollback();
    }

    @Test
    void whatWasPreparedInAHiveDoesNotReachAnAdoptedOne() throws Exception {
        site.root().createKey("a");
        site.registry().checkpoint();
        var resource = site.registry().xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        site.registry().transactedRoot().openKey("a").setValue(RegistryValue.string("v", "1"));
        site.registry().transactedRoot().createKey("b");
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);
        site.root().createKey("c");
        site.registry().checkpoint();
        var log = site.log().copy();
        site.close();
        site = new Site();
        site.root().createKey("somebody else's");
        site.registry().checkpoint();
        var before = Site.everythingIn(site.root());
        var files = site.files().copy();
        site.close();

        site = new Site(log, files, options -> options.adopting(true));
        assertThat(site.registry().hives().get(0).transactions()).isOne();
        // Another start in between remembers it.
        site.crash();
        site.registry().xaResource().commit(xid, false);

        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
        assertThat(site.registry().hives().get(0).transactions()).isZero();
        site.crash();
        assertThat(Site.everythingIn(site.root())).isEqualTo(before);
    }

    /** A key behind a hive could not be reached, and the next start would be refused. */
    @Test
    void noKeyOfTheRootGetsTheNameOfAHive() throws Exception {
        site.root().createKey("zebra");
        site.registry().loadHive("users");
        assertRefused(RegistryError.ALREADY_EXISTS, () -> plain("zebra").renameKey("", "Users"));
        assertRefused(RegistryError.ALREADY_EXISTS, () -> plain("zebra").renameKey("", "u\u017fers"));
        site.begin();
        assertRefused(
                RegistryError.ALREADY_EXISTS,
                () -> site.registry().transactedRoot().openKey("zebra").renameKey("", "users"));
        site.registry().transactedRoot().createKey("more");
        var transaction = site.suspend();
        assertRefused(
                RegistryError.TRANSACTIONAL_CONFLICT, () -> site.registry().loadHive("more"));
        site.resume(transaction);
        site.commit();
        assertRefused(RegistryError.ALREADY_EXISTS, () -> site.registry().loadHive("more"));

        assertThat(site.root().subkeys()).containsExactly("more", "users", "zebra");
        assertThat(site.registry().main().locks().isEmpty()).isTrue();
    }

    @Test
    void anotherTransactionManagerCanDecideItsTransactions() throws Exception {
        var resource = site.registry().xaResource();
        var xid = new Foreign(1);
        resource.start(xid, XAResource.TMNOFLAGS);
        site.registry().transactedRoot().createKey("a").setValue(RegistryValue.string("v", "1"));
        resource.end(xid, XAResource.TMSUCCESS);
        assertThat(resource.prepare(xid)).isEqualTo(XAResource.XA_OK);

        site.crash();

        assertThat(site.root().subkeys()).isEmpty();
        assertThat(site.registry().hives().get(0).transactions()).isOne();
        assertRefused(RegistryError.TRANSACTIONAL_CONFLICT, () -> site.root().createKey("a"));
        site.registry().xaResource().commit(xid, false);
        assertThat(text(plain("a"), "v")).contains("1");
        assertThat(site.registry().main().locks().isEmpty()).isTrue();
    }

    /** Between the question whether there is anything to commit and what follows from the answer. */
    @Test
    void aWriteBesideACommitIsCommittedOrRefused() throws Exception {
        site.root().createKey("a");
        site.begin();
        var key = site.registry().transactedRoot().openKey("a");
        key.watch(false, batch -> {});
        var transaction = site.registry().requireCurrent();
        var work = Objects.requireNonNull(site.registry().main().work(transaction.unitOfWork()));

        assertThat(work.hasChanges()).isFalse();
        assertRefused(RegistryError.TRANSACTION_NOT_ACTIVE, () -> key.setValue(RegistryValue.string("v", "lost")));
        site.rollback();

        assertThat(plain("a").values()).isEmpty();
        assertThat(site.registry().main().locks().isEmpty()).isTrue();
    }

    @Test
    void aTransactionThatOnlyReadsCostsNoForceAndASmallOneCostsOne() throws Exception {
        site.begin();
        site.registry().transactedRoot().createKey("a").setValue(RegistryValue.string("v", "1"));
        site.commit();
        var log = site.ktm().manager().log().orElseThrow();
        long fewestOfReads = Long.MAX_VALUE;
        long fewestOfWrites = Long.MAX_VALUE;

        // A new log forces a few times for itself, while it prepares its containers.
        for (int i = 0; i < 50; i++) {
            long before = log.stats().frames();
            site.begin();
            site.registry().transactedRoot().openKey("a").value("v");
            site.commit();
            long between = log.stats().frames();
            site.begin();
            site.registry().transactedRoot().openKey("a").setValue(RegistryValue.dword("v", i));
            site.commit();
            fewestOfReads = Math.min(fewestOfReads, between - before);
            fewestOfWrites = Math.min(fewestOfWrites, log.stats().frames() - between);
        }

        assertThat(fewestOfReads).isZero();
        assertThat(fewestOfWrites).isOne();
        assertThat(site.ktm().transactionManager().getStatus()).isEqualTo(Status.STATUS_NO_TRANSACTION);
    }

    /** An xid of another transaction manager. */
    record Foreign(int number) implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return new byte[] {(byte) number};
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }
}
