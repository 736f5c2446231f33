package dev.ktm.log.format;

/**
 * A stream in the base log file, as of the moment the file was written; newer records in the log say the rest.
 *
 * @param id the number its records carry
 * @param deleted whether it refuses new opens and goes when the last one closes
 * @param resetting whether it becomes like new when the last one closes
 * @param name its name; empty for the one stream of a dedicated log
 * @param base the oldest record still needed
 * @param last the newest record, or 0
 * @param restart the newest restart area, or 0
 * @param archiveTail the oldest record not yet archived, or 0 if it has no archive tail
 */
public record StreamEntry(
        int id, boolean deleted, boolean resetting, String name, long base, long last, long restart, long archiveTail) {

    /** Refuses values that the format cannot hold. */
    public StreamEntry {
        if (id < 1 || id > 0xFFFF || base < 0 || last < 0 || restart < 0 || archiveTail < 0) {
            throw new IllegalArgumentException("stream " + id + " " + name + " with base " + base + ", last " + last
                    + ", restart " + restart + ", archive tail " + archiveTail);
        }
        Names.checkStreamName(name);
    }
}
