package dev.ktm.operator;

import org.jspecify.annotations.Nullable;

/**
 * Verbs of somebody who works beside the coordinator, as a registry or a root of files does: answered under the name of the area. An area
 * may have several members, each of a name. Safe for many threads.
 */
@FunctionalInterface
public interface OperatorArea {

    /**
     * Answers a verb.
     *
     * @return what JSON can be written of: records, maps, collections, texts, numbers, times, ids and enums; null for nothing
     * @throws OperatorException if there is no such verb, or it was not carried out; nothing has changed then
     */
    @Nullable
    Object answer(OperatorRequest request) throws OperatorException;

    /**
     * Whether a verb only lists something, as a list: then every member of the area is asked unless the request says which one it
     * means, and the lists are put together.
     */
    default boolean isListing(String verb) {
        return false;
    }
}
