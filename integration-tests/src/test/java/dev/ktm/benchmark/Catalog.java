package dev.ktm.benchmark;

import dev.ktm.log.testing.MemoryDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What each section measures. */
final class Catalog {

    static final String KTM = "KTM";
    static final long THINK_MICROS = 500;
    static final long SLOW_MICROS = 1000;

    private final Settings<LogSection> settings;

    Catalog(Settings<LogSection> settings) {
        this.settings = settings;
    }

    /** A log and its name. */
    private record Candidate(String name, Measured.Opener opener) {}

    /** The scenarios of a section, without those that the command line or this Java excludes. */
    List<Scenario> scenarios(LogSection section) {
        return switch (section) {
            case KTM -> ktm();
            case THINK -> platform(List.of(ktmOnDisk(), flusher()), THINK_MICROS, settings.callersOr(8, 32, 128));
            case PEERS -> platform(asTheyCome(), 0, settings.callersOr(1, 8, 32, 128));
            case TUNED -> platform(fastest(), 0, settings.callersOr(1, 8, 32, 128));
            case MEMORY ->
                platform(List.of(ktmInMemory("KTM in memory", 0), ktmWithoutDevice()), 0, settings.callersOr(1));
            case SLOW ->
                platform(List.of(ktmInMemory("KTM on a 1 ms disk", SLOW_MICROS)), 0, settings.callersOr(1, 8, 32));
            case RECOVERY, START -> List.of();
        };
    }

    private List<Scenario> ktm() {
        var all = new ArrayList<>(platform(List.of(ktmOnDisk()), 0, settings.callersOr(1, 2, 8, 32, 128)));
        if (ThreadKind.VIRTUAL.isAvailable()) {
            var numbers = settings.callersOr(1, 8, 32, 128, 512);
            all.addAll(scenarios(List.of(ktmOnDisk()), ThreadKind.VIRTUAL, 0, numbers));
        }
        return all;
    }

    private List<Scenario> platform(List<Candidate> candidates, long thinkMicros, List<Integer> numbers) {
        return scenarios(candidates, ThreadKind.PLATFORM, thinkMicros, numbers);
    }

    private List<Scenario> scenarios(
            List<Candidate> candidates, ThreadKind threads, long thinkMicros, List<Integer> numbers) {
        return candidates.stream()
                .filter(candidate -> settings.includes(candidate.name()))
                .flatMap(candidate -> numbers.stream()
                        .map(callers ->
                                new Scenario(candidate.name(), candidate.opener(), callers, threads, thinkMicros)))
                .toList();
    }

    private static List<Candidate> asTheyCome() {
        return List.of(
                ktmOnDisk(),
                flusher(),
                new Candidate("HOWL 1.0.1", HowlLog::open),
                new Candidate("Bitronix 2.1.4", BitronixLog::open),
                new Candidate("Narayana 7.3.4 slots", NarayanaLog::openSlots),
                new Candidate("Narayana 7.3.4 journal", NarayanaLog::openJournal),
                new Candidate("Narayana 7.3.4 shadow (its default)", NarayanaLog::openShadow),
                new Candidate("Atomikos 6.0.0", AtomikosLog::open));
    }

    private static List<Candidate> fastest() {
        return Stream.of(
                        new Candidate("HOWL 1.0.1, files used again", HowlLog::openWithSmallFiles),
                        new Candidate("Bitronix 2.1.4, files of 64 MiB", BitronixLog::openWithLargeFiles),
                        new Candidate("Narayana 7.3.4 slots, removes unforced", NarayanaLog::openSlotsFastest),
                        new Candidate(
                                "Narayana 7.3.4 journal, 20 000 flushes/s, removes unforced",
                                NarayanaLog::openJournalFastest),
                        new Candidate("Atomikos 6.0.0, rare checkpoints", AtomikosLog::openWithRareCheckpoints))
                .toList();
    }

    private static Candidate ktmOnDisk() {
        return new Candidate(KTM, KtmLogAdapter::open);
    }

    private static Candidate flusher() {
        return new Candidate("plain flusher", SimpleFlusher::open);
    }

    private static Candidate ktmWithoutDevice() {
        return new Candidate(
                "KTM, frames dropped", directory -> KtmLogAdapter.on(() -> new ForgetfulDevice(new MemoryDevice())));
    }

    private static Candidate ktmInMemory(String name, long writeMicros) {
        return new Candidate(name, directory -> KtmLogAdapter.on(() -> new MemoryDevice(writeMicros * 1000)));
    }
}
