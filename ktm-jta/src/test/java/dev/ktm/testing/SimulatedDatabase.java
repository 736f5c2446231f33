package dev.ktm.testing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/**
 * A well-behaved XA resource manager that holds keys: what is prepared or committed survives {@link #crash}, what is not is lost.
 * It can be told to fail any call, before or after it has done the work. Safe for many threads.
 */
public final class SimulatedDatabase {

    /** What can be asked of a resource. */
    public enum Call {
        START,
        END,
        PREPARE,
        COMMIT,
        COMMIT_ONE_PHASE,
        ROLLBACK,
        FORGET,
        RECOVER
    }

    /** Something that goes wrong. */
    public interface Fault {
        /** Called before the work is done, and after. */
        void strike(boolean after) throws XAException;
    }

    private enum State {
        ACTIVE,
        IDLE,
        PREPARED,
        HEURISTIC
    }

    private static final class Branch {
        State state = State.ACTIVE;
        final Set<String> keys = new TreeSet<>();
        int heuristicCode;
        boolean rollbackOnly;
    }

    /** An xid by its content. */
    private record Name(int format, List<Byte> global, List<Byte> qualifier) {
        static Name of(Xid xid) {
            return new Name(xid.getFormatId(), list(xid.getGlobalTransactionId()), list(xid.getBranchQualifier()));
        }

        private static List<Byte> list(byte[] bytes) {
            var all = new ArrayList<Byte>(bytes.length);
            for (byte each : bytes) {
                all.add(each);
            }
            return all;
        }
    }

    /** An xid of no class that anybody knows. */
    private record PlainXid(int getFormatId, List<Byte> global, List<Byte> qualifier) implements Xid {
        @Override
        public byte[] getGlobalTransactionId() {
            return bytes(global);
        }

        @Override
        public byte[] getBranchQualifier() {
            return bytes(qualifier);
        }

        private static byte[] bytes(List<Byte> all) {
            var bytes = new byte[all.size()];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = all.get(i);
            }
            return bytes;
        }
    }

    private final String name;
    private final Map<Name, Branch> branches = new LinkedHashMap<>();
    private final Set<String> committed = new TreeSet<>();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final Map<Call, List<Fault>> faults = new HashMap<>();
    private boolean readOnly;
    private boolean joinable = true;
    private int commits;

    /** An empty one. */
    public SimulatedDatabase(String name) {
        this.name = name;
    }

    /** The next call of this kind fails with this code, and has done nothing. */
    public SimulatedDatabase failNext(Call call, int code) {
        return onNext(call, after -> {
            if (!after) {
                throw new XAException(code);
            }
        });
    }

    /** The next call of this kind does its work, and fails with this code all the same. */
    public SimulatedDatabase loseAnswerOfNext(Call call, int code) {
        return onNext(call, after -> {
            if (after) {
                throw new XAException(code);
            }
        });
    }

    /** The next call of this kind waits, before its work, until the latch is open. */
    public SimulatedDatabase hangNext(Call call, CountDownLatch latch) {
        return onNext(call, after -> {
            if (!after) {
                awaitUninterruptibly(latch);
            }
        });
    }

    /** Waits as a driver does. */
    public static void awaitUninterruptibly(CountDownLatch latch) {
        boolean done = false;
        while (!done) {
            try {
                latch.await();
                done = true;
            } catch (InterruptedException e) {
                // Drivers do not listen either.
            }
        }
    }

    /** The next call of this kind meets this. */
    public synchronized SimulatedDatabase onNext(Call call, Fault fault) {
        faults.computeIfAbsent(call, each -> new ArrayList<>()).add(fault);
        return this;
    }

    /** Waits until everything that calls of this kind were to meet has been met. */
    public SimulatedDatabase awaitFaults(Call call) {
        while (!isEmpty(call)) {
            Thread.onSpinWait();
        }
        return this;
    }

    private synchronized boolean isEmpty(Call call) {
        var waiting = faults.get(call);
        return waiting == null || waiting.isEmpty();
    }

    /** Whether branches without keys vote read-only, and those with keys, too. */
    public synchronized void setReadOnly(boolean value) {
        readOnly = value;
    }

    /** Whether branches can be joined by another connection. */
    public synchronized void setJoinable(boolean value) {
        joinable = value;
    }

    /** What is committed. */
    public synchronized Set<String> committed() {
        return new TreeSet<>(committed);
    }

    /** How many branches are prepared. */
    public synchronized int prepared() {
        return (int) branches.values().stream()
                .filter(each -> each.state == State.PREPARED)
                .count();
    }

    /** How many branches there are. */
    public synchronized int branches() {
        return branches.size();
    }

    /** How many branches were committed. */
    public synchronized int commits() {
        return commits;
    }

    /** What was asked, in order. */
    public List<String> calls() {
        return List.copyOf(calls);
    }

    /** Forgets what was asked. */
    public void clearCalls() {
        calls.clear();
    }

    /** Branches that nobody works for any more are decided by an administrator. */
    public synchronized void decideHeuristically(boolean commit, int code) {
        for (var branch : branches.values()) {
            if (branch.state == State.PREPARED || branch.state == State.IDLE) {
                if (commit) {
                    committed.addAll(branch.keys);
                }
                branch.state = State.HEURISTIC;
                branch.heuristicCode = code;
            }
        }
    }

    /** It stops and starts again: what is not prepared is lost. */
    public synchronized void crash() {
        branches.values().removeIf(each -> each.state == State.ACTIVE || each.state == State.IDLE);
    }

    /** A prepared branch of somebody else. */
    public synchronized void addForeign(Xid xid) {
        var branch = new Branch();
        branch.state = State.PREPARED;
        branches.put(Name.of(xid), branch);
    }

    /** A connection. */
    public Connection connect() {
        return new Connection();
    }

    private static void strike(boolean after, @Nullable Fault fault) throws XAException {
        if (fault != null) {
            fault.strike(after);
        }
    }

    private @Nullable Fault next(Call call) {
        synchronized (this) {
            var waiting = faults.get(call);
            return waiting == null || waiting.isEmpty() ? null : waiting.remove(0);
        }
    }

    private interface Work {
        int run() throws XAException;
    }

    private int perform(Call call, Work work) throws XAException {
        calls.add(call.toString());
        var fault = next(call);
        strike(false, fault);
        int result;
        synchronized (this) {
            result = work.run();
        }
        strike(true, fault);
        return result;
    }

    private Branch require(Xid xid) throws XAException {
        var branch = branches.get(Name.of(xid));
        if (branch == null) {
            throw new XAException(XAException.XAER_NOTA);
        }
        return branch;
    }

    private static void require(boolean holds, int code) throws XAException {
        if (!holds) {
            throw new XAException(code);
        }
    }

    /** One connection, which is its own {@link XAResource}. */
    public final class Connection implements XAResource {
        private @Nullable Xid current;
        private int timeout = -1;

        private Connection() {}

        /** Writes a key, in the branch that the connection works for. */
        public void put(String key) throws XAException {
            synchronized (SimulatedDatabase.this) {
                require(xid()).keys.add(key);
            }
        }

        /** The xid that it works for. */
        public @Nullable Xid current() {
            synchronized (SimulatedDatabase.this) {
                return current;
            }
        }

        /** The xid that it works for, which there must be. */
        public Xid xid() throws XAException {
            synchronized (SimulatedDatabase.this) {
                var xid = current;
                if (xid == null) {
                    throw new XAException(XAException.XAER_PROTO);
                }
                return xid;
            }
        }

        /** The timeout that it was given, in seconds; -1 for none. */
        public int timeout() {
            return timeout;
        }

        @Override
        public void start(Xid xid, int flags) throws XAException {
            perform(Call.START, () -> {
                require(current == null, XAException.XAER_PROTO);
                if (flags == TMNOFLAGS) {
                    require(!branches.containsKey(Name.of(xid)), XAException.XAER_DUPID);
                    branches.put(Name.of(xid), new Branch());
                } else {
                    require(flags == TMRESUME || joinable, XAException.XAER_INVAL);
                    var branch = require(xid);
                    require(branch.state == State.ACTIVE || branch.state == State.IDLE, XAException.XAER_PROTO);
                    branch.state = State.ACTIVE;
                }
                current = xid;
                return XA_OK;
            });
        }

        @Override
        public void end(Xid xid, int flags) throws XAException {
            perform(Call.END, () -> {
                var branch = require(xid);
                require(branch.state == State.ACTIVE || branch.state == State.IDLE, XAException.XAER_PROTO);
                branch.state = State.IDLE;
                branch.rollbackOnly |= flags == TMFAIL;
                current = null;
                return XA_OK;
            });
        }

        @Override
        public int prepare(Xid xid) throws XAException {
            return perform(Call.PREPARE, () -> {
                var branch = require(xid);
                require(branch.state == State.IDLE, XAException.XAER_PROTO);
                if (branch.rollbackOnly) {
                    branches.remove(Name.of(xid));
                    throw new XAException(XAException.XA_RBROLLBACK);
                }
                if (readOnly) {
                    branches.remove(Name.of(xid));
                    return XA_RDONLY;
                }
                branch.state = State.PREPARED;
                return XA_OK;
            });
        }

        @Override
        public void commit(Xid xid, boolean onePhase) throws XAException {
            perform(onePhase ? Call.COMMIT_ONE_PHASE : Call.COMMIT, () -> {
                var branch = require(xid);
                requireNotHeuristic(branch);
                require(branch.state == (onePhase ? State.IDLE : State.PREPARED), XAException.XAER_PROTO);
                branches.remove(Name.of(xid));
                committed.addAll(branch.keys);
                commits++;
                return XA_OK;
            });
        }

        @Override
        public void rollback(Xid xid) throws XAException {
            perform(Call.ROLLBACK, () -> {
                var branch = require(xid);
                requireNotHeuristic(branch);
                branches.remove(Name.of(xid));
                if (xid.equals(current)) {
                    current = null;
                }
                return XA_OK;
            });
        }

        private void requireNotHeuristic(Branch branch) throws XAException {
            if (branch.state == State.HEURISTIC) {
                throw new XAException(branch.heuristicCode);
            }
        }

        @Override
        public void forget(Xid xid) throws XAException {
            perform(Call.FORGET, () -> {
                require(require(xid).state == State.HEURISTIC, XAException.XAER_PROTO);
                branches.remove(Name.of(xid));
                return XA_OK;
            });
        }

        @Override
        public Xid[] recover(int flags) throws XAException {
            var all = new ArrayList<Xid>();
            perform(Call.RECOVER, () -> {
                branches.forEach((each, branch) -> {
                    if (branch.state == State.PREPARED || branch.state == State.HEURISTIC) {
                        all.add(new PlainXid(each.format(), each.global(), each.qualifier()));
                    }
                });
                return XA_OK;
            });
            return all.toArray(Xid[]::new);
        }

        @Override
        public boolean isSameRM(XAResource other) {
            return other instanceof Connection connection && connection.database() == SimulatedDatabase.this;
        }

        private SimulatedDatabase database() {
            return SimulatedDatabase.this;
        }

        @Override
        public int getTransactionTimeout() {
            return timeout;
        }

        @Override
        public boolean setTransactionTimeout(int seconds) {
            timeout = seconds;
            return true;
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
