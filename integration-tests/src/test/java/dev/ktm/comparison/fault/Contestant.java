package dev.ktm.comparison.fault;

import jakarta.transaction.TransactionManager;
import java.nio.file.Path;
import java.util.List;
import javax.sql.DataSource;
import javax.transaction.xa.XAResource;
import org.h2.jdbcx.JdbcDataSource;

/** A transaction manager as an application would set it up. Once in a process: the settings of some are static. */
interface Contestant {

    /**
     * What it is told.
     *
     * @param log its own directory
     * @param name of the process
     * @param mostSeconds longest life of a transaction, for products that ask for it
     * @param resourceManagers it recovers
     */
    record Setup(Path log, String name, int mostSeconds, List<RecordedResourceManager> resourceManagers) {}

    TransactionManager manager();

    /** What is enlisted in place of a resource. */
    default XAResource enlisted(RecordedResource resource) {
        return resource;
    }

    /** One pass of its recovery. */
    void recover() throws Exception;

    /** Its own data source over a database, or the one that goes with it. */
    DataSource dataSource(JdbcDataSource database) throws Exception;
}
