package dev.ktm.operator;

import org.jspecify.annotations.Nullable;

/**
 * Verbs of somebody who works beside the coordinator, as the registry and the files do: answered under a name of his own. Safe for
 * many threads.
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
}
