package dev.ktm.management;

import java.util.List;
import java.util.Map;

/**
 * A coordinator as JMX shows it; named {@code dev.ktm:type=Coordinator,id=<identity>}. Attributes are of one moment. Operations that list or
 * show answer JSON, the same as the operator's channel; see {@link dev.ktm.operator.Operations} for what they mean, how transactions are
 * named, and what is promised of actions: each is in the log, with who and why, before it takes effect. {@code who} is what the
 * caller says: who may call at all is what the JVM's remote management is told. What is refused is an {@link IllegalStateException}
 * whose message begins with the code of {@link dev.ktm.operator.OperatorException}: remote clients need no class of KTM.
 */
public interface CoordinatorMXBean {

    /** Its identity, as it stands in the xids of its transactions. */
    String getIdentity();

    /** The label that people gave it; empty for none. */
    String getName();

    /** Where its log is; empty if it has none. */
    String getLogPath();

    /** Whether it has no log. */
    boolean isVolatile();

    /** Whether it takes transactions. */
    boolean isOnline();

    /** Which of its lives this is, from 1. */
    long getIncarnation();

    /** Its virtual clock. */
    long getClock();

    /** When it was opened; ISO 8601. */
    String getOpened();

    /** Transactions that have begun since it was opened. */
    long getBegun();

    /** Transactions that are committed, since it was opened. */
    long getCommitted();

    /** Those of them whose only participant has decided. */
    long getCommittedInOnePhase();

    /** Those of them in which nobody had anything to commit. */
    long getCommittedReadOnly();

    /** Transactions that are rolled back, since it was opened. */
    long getRolledBack();

    /** The same by who or what had it done. */
    Map<String, Long> getRolledBackByCause();

    /** Transactions whose client was told that nobody here knows the outcome. */
    long getUnknown();

    /** Reports of participants that did otherwise than was decided, or may have. */
    long getHeuristic();

    /** Transactions that have not ended. */
    int getLive();

    /** Those of them that the log has to keep. */
    int getUnfinished();

    /** Those of them that wait for a decision which an operator may give. */
    int getInDoubt();

    /** Transactions that are remembered because somebody did otherwise than was decided. */
    int getDamaged();

    /** The age of the oldest transaction that has not ended, in milliseconds; 0 if there is none. */
    long getOldestTransactionAgeMillis();

    /** Branches that wait to be finished, by resource manager. */
    Map<String, Long> getPendingBranches();

    /** How much the log holds, in bytes; 0 if there is none. */
    long getLogCapacityBytes();

    /** How much of that is taken or set aside, in bytes. */
    long getLogUsedBytes();

    /** The part of it that is, from 0 to 1. */
    double getLogUsedShare();

    /** The names of the resource managers that are registered or open, or that branches wait for. */
    List<String> getResourceManagers();

    /** The transactions that have not ended; JSON. */
    String listTransactions();

    /** One of them; JSON. */
    String showTransaction(String id);

    /** The enlistments of those that have not ended; JSON. */
    String listEnlistments();

    /** The resource managers; JSON. */
    String listResourceManagers();

    /** What was reported lately; JSON. */
    String listReports();

    /** What was damaged and has not been forgotten; JSON. */
    String listDamaged();

    /** What operators have had done; JSON. */
    String listActs();

    /** Asks every resource manager for its branches now, and finishes what can be finished. */
    void recoverNow();

    /** A participant is not waited for any more. */
    void complete(String id, String enlistment, String who, String why);

    /** What was damaged is mended. */
    void forget(String id, String who, String why);

    /** The superior, which cannot be reached, has decided to commit. */
    void resolveCommit(String id, String who, String why);

    /** The superior, which cannot be reached, has decided to roll back, or knows nothing of it. */
    void resolveRollback(String id, String who, String why);

    /** Commits without knowing what the superior has decided. */
    void forceCommit(String id, String who, String why);

    /** Rolls back without knowing what the superior has decided. */
    void forceRollback(String id, String who, String why);

    /** Rolls back what nobody has prepared. */
    void rollback(String id, String who, String why);

    /** Commits in place of a last resource that is gone for good. */
    void commitInPlaceOfLast(String id, String who, String why);

    /** Rolls back in place of a last resource that is gone for good. */
    void rollbackInPlaceOfLast(String id, String who, String why);
}
