package dev.ktm.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** What in an answer needs somebody. */
final class Wrong {

    private Wrong() {}

    /** Whether a row of a listing does. */
    static boolean is(Listing listing, JsonNode row) {
        return switch (listing) {
            case TMS ->
                isOffline(row)
                        || row.path("inDoubt").asLong() > 0
                        || row.path("damaged").asLong() > 0;
            case TRANSACTIONS -> isTransaction(row);
            case RMS -> isUnreachable(row);
            case DAMAGED -> true;
            case ENLISTMENTS, REPORTS, ACTS -> false;
        };
    }

    /** One that is stopped is as it should be. */
    static boolean isOffline(JsonNode manager) {
        return !manager.path("isOnline").asBoolean() && !manager.has("stopped");
    }

    static boolean isTransaction(JsonNode transaction) {
        return isInDoubt(transaction) || !transaction.path("damage").isEmpty();
    }

    /** Whether an operator may have to decide, or only a restart can tell what was decided. */
    static boolean isInDoubt(JsonNode transaction) {
        return transaction.path("isInDoubt").asBoolean()
                || transaction.path("isWaitingForLast").asBoolean()
                || transaction.path("outcome").asText().equals("UNAVAILABLE");
    }

    static boolean isUnreachable(JsonNode resourceManager) {
        return !resourceManager.path("error").asText("").isEmpty();
    }
}
