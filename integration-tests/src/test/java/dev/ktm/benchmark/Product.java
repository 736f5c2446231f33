package dev.ktm.benchmark;

import java.nio.file.Path;

/** A transaction manager with certain settings. */
enum Product {
    KTM("KTM"),
    NARAYANA_SHADOW("Narayana 7.3.4, file store (its default)"),
    NARAYANA_SLOTS("Narayana 7.3.4, slots"),
    NARAYANA_SLOTS_FASTEST("Narayana 7.3.4, 1024 slots, removes unforced"),
    NARAYANA_JOURNAL("Narayana 7.3.4, journal (NIO)"),
    NARAYANA_JOURNAL_FASTEST("Narayana 7.3.4, journal (NIO), 20 000 flushes/s, removes unforced"),
    NARAYANA_VOLATILE("Narayana 7.3.4, nothing durable"),
    ATOMIKOS("Atomikos 6.0.0, more than 50 at a time allowed"),
    ATOMIKOS_FASTEST("Atomikos 6.0.0, rare checkpoints"),
    GERONIMO("Geronimo 4.0.0 + HOWL 1.0.1"),
    GERONIMO_FASTEST("Geronimo 4.0.0 + HOWL 1.0.1, partial buffers flushed, files used again");

    private final String text;

    Product(String text) {
        this.text = text;
    }

    /** In words. */
    String text() {
        return text;
    }

    /** Opens it in an empty directory. */
    DurableLog open(Path directory) throws Exception {
        return switch (this) {
            case KTM -> KtmCoordinator.open(directory);
            case NARAYANA_SHADOW -> NarayanaManager.openShadow(directory);
            case NARAYANA_SLOTS -> NarayanaManager.openSlots(directory);
            case NARAYANA_SLOTS_FASTEST -> NarayanaManager.openSlotsFastest(directory);
            case NARAYANA_JOURNAL -> NarayanaManager.openJournal(directory);
            case NARAYANA_JOURNAL_FASTEST -> NarayanaManager.openJournalFastest(directory);
            case NARAYANA_VOLATILE -> NarayanaManager.openVolatile(directory);
            case ATOMIKOS -> AtomikosManager.open(directory);
            case ATOMIKOS_FASTEST -> AtomikosManager.openWithRareCheckpoints(directory);
            case GERONIMO -> GeronimoManager.open(directory);
            case GERONIMO_FASTEST -> GeronimoManager.openFastest(directory);
        };
    }
}
