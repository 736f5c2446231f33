package dev.ktm.file;

import dev.ktm.Ktm;
import dev.ktm.rm.KtmException;
import java.io.IOException;

/**
 * A disk beside which the log is forced by somebody else whenever a large file has been: so what another resource manager has prepared
 * gets into the log without what is decided about it.
 */
final class ForcesLog extends ForwardingDisk {

    private final Ktm ktm;

    ForcesLog(Disk disk, Ktm ktm) {
        super(disk);
        this.ktm = ktm;
    }

    @Override
    public void forceDirectory(String name) throws IOException {
        super.forceDirectory(name);
        if (name.equals(WorkArea.WORK)) {
            try {
                ktm.manager().forceLog();
            } catch (KtmException e) {
                throw new IOException(e);
            }
        }
    }
}
