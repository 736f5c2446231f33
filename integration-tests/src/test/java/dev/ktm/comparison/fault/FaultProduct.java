package dev.ktm.comparison.fault;

/** A transaction manager with the settings that serve it best when something goes wrong. */
public enum FaultProduct {
    KTM("KTM", "as it comes; recovery every second; HikariCP through `KtmDataSource`"),
    NARAYANA_FILES(
            "Narayana, files", "7.3.4, file store (its default); filters for the log and the node name; Agroal 3.2.1"),
    NARAYANA_SLOTS("Narayana, slots", "7.3.4, 1024 slots; as above otherwise"),
    NARAYANA_JOURNAL("Narayana, journal", "7.3.4, journal of Artemis 2.56.0 over NIO; as above otherwise"),
    ATOMIKOS("Atomikos", "6.0.0, more than 50 at a time allowed, recovery every second; its own pool"),
    GERONIMO("Geronimo", "4.0.0 with HOWL 1.0.1, partial buffers flushed, 16 files used again; no pool of its own");

    private final String text;
    private final String settings;

    FaultProduct(String text, String settings) {
        this.text = text;
        this.settings = settings;
    }

    /** In a word or two. */
    public String text() {
        return text;
    }

    /** What it is told. */
    public String settings() {
        return settings;
    }

    Contestant open(Contestant.Setup setup) throws Exception {
        return switch (this) {
            case KTM -> new KtmContestant(setup);
            case NARAYANA_FILES -> new NarayanaContestant(setup, NarayanaContestant.Store.FILES);
            case NARAYANA_SLOTS -> new NarayanaContestant(setup, NarayanaContestant.Store.SLOTS);
            case NARAYANA_JOURNAL -> new NarayanaContestant(setup, NarayanaContestant.Store.JOURNAL);
            case ATOMIKOS -> new AtomikosContestant(setup);
            case GERONIMO -> new GeronimoContestant(setup);
        };
    }
}
