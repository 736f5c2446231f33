package dev.ktm.file;

import java.util.TreeMap;

/** What one transaction can return to. Guarded by its lock. */
final class Savepoints {

    private final TreeMap<Long, Overlay> states = new TreeMap<>();
    private long next = 1;

    /** Grows with each return: handles of before are of no use. */
    private int era;

    int era() {
        return era;
    }

    long set(Overlay now) {
        long id = next++;
        states.put(id, now.copy());
        return id;
    }

    /** What was then; later ones are forgotten, and it can be returned to once more. */
    Overlay returnTo(long id) throws TxfException {
        var then = states.get(id);
        if (then == null) {
            throw none("of id " + id);
        }
        states.tailMap(id, false).clear();
        era++;
        return then.copy();
    }

    void clearLatest() throws TxfException {
        if (states.pollLastEntry() == null) {
            throw none("at all");
        }
    }

    void clear() {
        states.clear();
    }

    private static TxfException none(String which) {
        return new TxfException(
                TxfError.OBJECT_NO_LONGER_EXISTS, null, "expected a savepoint that was set, found none " + which);
    }
}
