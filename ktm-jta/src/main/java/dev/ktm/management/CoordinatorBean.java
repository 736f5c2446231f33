package dev.ktm.management;

import dev.ktm.operator.Json;
import dev.ktm.operator.ManagerView;
import dev.ktm.operator.Operations;
import dev.ktm.operator.OperatorException;
import dev.ktm.operator.ResourceManagerView;
import dev.ktm.operator.TransactionView;
import dev.ktm.tm.TransactionCounts;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Answers for JMX out of {@link Operations}. */
final class CoordinatorBean implements CoordinatorMXBean {

    private final Operations operations;

    CoordinatorBean(Operations operations) {
        this.operations = operations;
    }

    /** A question or an action. */
    private interface Call<T> {
        T make() throws OperatorException;
    }

    private interface Act {
        void make() throws OperatorException;
    }

    private static <T> T call(Call<T> call) {
        try {
            return call.make();
        } catch (OperatorException e) {
            // Without its cause, which a remote client may not be able to read.
            throw new IllegalStateException(e.code() + ": " + e.getMessage());
        }
    }

    private static void run(Act act) {
        call(() -> {
            act.make();
            return true;
        });
    }

    private ManagerView manager() {
        return call(operations::manager);
    }

    private TransactionCounts counts() {
        return call(operations::counts);
    }

    private <T> T log(Function<ManagerView.LogView, T> part, T none) {
        return manager().log().map(part).orElse(none);
    }

    @Override
    public String getIdentity() {
        return manager().identity().toString();
    }

    @Override
    public String getName() {
        return manager().name();
    }

    @Override
    public String getLogPath() {
        return manager().logPath().orElse("");
    }

    @Override
    public boolean isVolatile() {
        return manager().isVolatile();
    }

    @Override
    public boolean isOnline() {
        return manager().isOnline();
    }

    @Override
    public long getIncarnation() {
        return manager().incarnation();
    }

    @Override
    public long getClock() {
        return manager().clock();
    }

    @Override
    public String getOpened() {
        return manager().opened().toString();
    }

    @Override
    public long getBegun() {
        return counts().begun();
    }

    @Override
    public long getCommitted() {
        return counts().committed();
    }

    @Override
    public long getCommittedInOnePhase() {
        return counts().onePhase();
    }

    @Override
    public long getCommittedReadOnly() {
        return counts().readOnly();
    }

    @Override
    public long getRolledBack() {
        return counts().rolledBackTotal();
    }

    @Override
    public Map<String, Long> getRolledBackByCause() {
        var all = new TreeMap<String, Long>();
        counts().rolledBack().forEach((cause, count) -> all.put(cause.name(), count));
        return all;
    }

    @Override
    public long getUnknown() {
        return counts().unknown();
    }

    @Override
    public long getHeuristic() {
        return counts().heuristic();
    }

    @Override
    public int getLive() {
        return manager().live();
    }

    @Override
    public int getUnfinished() {
        return manager().unfinished();
    }

    @Override
    public int getInDoubt() {
        return manager().inDoubt();
    }

    @Override
    public int getDamaged() {
        return manager().damaged();
    }

    @Override
    public long getOldestTransactionAgeMillis() {
        return call(operations::transactions).stream()
                .map(TransactionView::age)
                .max(Comparator.naturalOrder())
                .map(Duration::toMillis)
                .orElse(0L);
    }

    @Override
    public Map<String, Long> getPendingBranches() {
        var all = new TreeMap<String, Long>();
        call(operations::resourceManagers).forEach(each -> all.merge(each.name(), each.pending(), Long::sum));
        return all;
    }

    @Override
    public long getLogCapacityBytes() {
        return log(ManagerView.LogView::capacityBytes, 0L);
    }

    @Override
    public long getLogUsedBytes() {
        return log(ManagerView.LogView::usedBytes, 0L);
    }

    @Override
    public double getLogUsedShare() {
        return log(ManagerView.LogView::usedShare, 0.0);
    }

    @Override
    public List<String> getResourceManagers() {
        return call(operations::resourceManagers).stream()
                .map(ResourceManagerView::name)
                .toList();
    }

    @Override
    public String listTransactions() {
        return Json.of(call(operations::transactions));
    }

    @Override
    public String showTransaction(String id) {
        return Json.of(call(() -> operations.transaction(id)));
    }

    @Override
    public String listEnlistments() {
        return Json.of(call(operations::enlistments));
    }

    @Override
    public String listResourceManagers() {
        return Json.of(call(operations::resourceManagers));
    }

    @Override
    public String listReports() {
        return Json.of(operations.reports());
    }

    @Override
    public String listDamaged() {
        return Json.of(call(operations::damaged));
    }

    @Override
    public String listActs() {
        return Json.of(call(operations::acts));
    }

    @Override
    public void recoverNow() {
        run(operations::recoverNow);
    }

    @Override
    public void complete(String id, String enlistment, String who, String why) {
        run(() -> operations.complete(id, enlistment, who, why));
    }

    @Override
    public void forget(String id, String who, String why) {
        run(() -> operations.forget(id, who, why));
    }

    @Override
    public void resolveCommit(String id, String who, String why) {
        run(() -> operations.resolveCommit(id, who, why));
    }

    @Override
    public void resolveRollback(String id, String who, String why) {
        run(() -> operations.resolveRollback(id, who, why));
    }

    @Override
    public void forceCommit(String id, String who, String why) {
        run(() -> operations.forceCommit(id, who, why));
    }

    @Override
    public void forceRollback(String id, String who, String why) {
        run(() -> operations.forceRollback(id, who, why));
    }

    @Override
    public void rollback(String id, String who, String why) {
        run(() -> operations.rollback(id, who, why));
    }

    @Override
    public void commitInPlaceOfLast(String id, String who, String why) {
        run(() -> operations.commitInPlaceOfLast(id, who, why));
    }

    @Override
    public void rollbackInPlaceOfLast(String id, String who, String why) {
        run(() -> operations.rollbackInPlaceOfLast(id, who, why));
    }
}
