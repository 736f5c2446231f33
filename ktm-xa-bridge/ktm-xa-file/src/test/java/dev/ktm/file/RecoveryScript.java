package dev.ktm.file;

import dev.ktm.redo.RedoStore;
import dev.ktm.redo.RedoWork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What a log tells a store when it is opened. That depends on the log alone, so whatever else a crash may have left of the tree can be
 * recovered by telling it the same once more, without opening the log again.
 */
final class RecoveryScript {

    /** Something that is told, to a store and to the works that it has made of what was prepared. */
    private interface Call {
        void tell(RedoStore store, Map<UUID, RedoWork> works) throws IOException;
    }

    private final List<Call> calls = new ArrayList<>();

    /** Tells it all. */
    void tell(RedoStore store) throws IOException {
        var works = new HashMap<UUID, RedoWork>();
        for (var call : calls) {
            call.tell(store, works);
        }
    }

    private static List<ByteBuffer> copies(List<ByteBuffer> redo) {
        return redo.stream().map(ByteBuffer::duplicate).toList();
    }

    private static RedoWork work(Map<UUID, RedoWork> works, UUID unitOfWork) {
        var work = works.get(unitOfWork);
        if (work == null) {
            throw new IllegalStateException("expected a work of " + unitOfWork + ", found none");
        }
        return work;
    }

    /** A store that is told by a log, and whose calls are noted here. */
    RedoStore noting(RedoStore store) {
        return new Noting(store);
    }

    private final class Noting implements RedoStore {
        private final RedoStore store;
        private final Map<UUID, RedoWork> works = new HashMap<>();

        Noting(RedoStore store) {
            this.store = store;
        }

        private void note(Call call) throws IOException {
            calls.add(call);
            call.tell(store, works);
        }

        @Override
        public void restore(ByteBuffer checkpoint) throws IOException {
            note((to, unused) -> to.restore(checkpoint.duplicate()));
        }

        @Override
        public void redo(long lsn, List<ByteBuffer> redo) throws IOException {
            note((to, unused) -> to.redo(lsn, copies(redo)));
        }

        @Override
        public void note(long lsn, ByteBuffer note) throws IOException {
            note((to, unused) -> to.note(lsn, note.duplicate()));
        }

        @Override
        public RedoWork prepared(UUID unitOfWork, List<ByteBuffer> redo) throws IOException {
            note((to, all) -> all.put(unitOfWork, to.prepared(unitOfWork, copies(redo))));
            return new NotingWork(unitOfWork);
        }

        @Override
        public void restored() throws IOException {
            note((to, unused) -> to.restored());
        }

        @Override
        public void tidy() throws IOException {
            store.tidy();
        }

        /** Work that was prepared, and what becomes of it. */
        private final class NotingWork implements RedoWork {
            private final UUID unitOfWork;

            NotingWork(UUID unitOfWork) {
                this.unitOfWork = unitOfWork;
            }

            private RedoWork mine() {
                return work(works, unitOfWork);
            }

            @Override
            public boolean hasChanges() {
                return mine().hasChanges();
            }

            @Override
            public List<ByteBuffer> prepare() throws Exception {
                return mine().prepare();
            }

            @Override
            public void decided() {
                calls.add((to, all) -> work(all, unitOfWork).decided());
                mine().decided();
            }

            @Override
            public void committed(long lsn) {
                calls.add((to, all) -> work(all, unitOfWork).committed(lsn));
                mine().committed(lsn);
            }

            @Override
            public void apply(long lsn) {
                calls.add((to, all) -> work(all, unitOfWork).apply(lsn));
                mine().apply(lsn);
            }

            @Override
            public void finished(long lsn) {
                calls.add((to, all) -> work(all, unitOfWork).finished(lsn));
                mine().finished(lsn);
            }

            @Override
            public void rolledBack() {
                calls.add((to, all) -> work(all, unitOfWork).rolledBack());
                mine().rolledBack();
            }

            @Override
            public void released() {
                calls.add((to, all) -> work(all, unitOfWork).released());
                mine().released();
            }
        }
    }
}
