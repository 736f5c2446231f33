package dev.ktm.file;

import java.util.UUID;

/**
 * Whose change a file belongs to, until that transaction ends.
 *
 * @param unitOfWork the id of the transaction
 * @param prepared whether it has voted, and waits for the outcome
 */
public record FileOwner(UUID unitOfWork, boolean prepared) {}
