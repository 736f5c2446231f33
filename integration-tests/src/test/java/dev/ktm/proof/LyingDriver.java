package dev.ktm.proof;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import javax.sql.XAConnection;
import javax.sql.XADataSource;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.jspecify.annotations.Nullable;

/** A driver whose resources do otherwise than they are told, and say that they have done it. */
final class LyingDriver {

    private final PlantedBug bug;

    LyingDriver(PlantedBug bug) {
        this.bug = bug;
    }

    /** The same data source, with that bug. */
    XADataSource plantedIn(XADataSource source) {
        return watch(XADataSource.class, source);
    }

    private <T> T watch(Class<T> type, T target) {
        return type.cast(Proxy.newProxyInstance(
                LyingDriver.class.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> call(target, method, arguments)));
    }

    private @Nullable Object call(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        if (target instanceof XAResource resource && arguments != null && arguments[0] instanceof Xid xid) {
            if (bug == PlantedBug.COMMITS_INSTEAD_OF_ROLLBACK
                    && method.getName().equals("rollback")
                    && isListed(resource, xid)) {
                resource.commit(xid, false);
                return null;
            }
            if (bug == PlantedBug.FORGETS_A_COMMIT
                    && method.getName().equals("commit")
                    && Boolean.FALSE.equals(arguments[1])) {
                resource.rollback(xid);
                return null;
            }
        }
        Object result;
        try {
            result = method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (method.getReturnType() == XAConnection.class && result instanceof XAConnection connection) {
            return watch(XAConnection.class, connection);
        }
        if (method.getReturnType() == XAResource.class && result instanceof XAResource resource) {
            return watch(XAResource.class, resource);
        }
        return result;
    }

    private static boolean isListed(XAResource resource, Xid wanted) throws Exception {
        for (var xid : resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN)) {
            if (ForeignBranches.isSame(xid, wanted)) {
                return true;
            }
        }
        return false;
    }
}
