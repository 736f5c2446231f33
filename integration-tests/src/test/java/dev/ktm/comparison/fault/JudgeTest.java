package dev.ktm.comparison.fault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktm.comparison.fault.Answers.Outcome;
import dev.ktm.comparison.fault.Judge.Sentence;
import dev.ktm.comparison.fault.RecordedResourceManager.Hook;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Wrong behaviour that is planted is found, and nothing is found where there is none. */
class JudgeTest {

    @TempDir
    Path directory;

    /** What a product leaves that does all that is expected. */
    private static Map<String, String> good(Fault fault) {
        var facts = new TreeMap<String, String>(Map.of("opened.WORK", "yes"));
        var phases = switch (fault) {
            case INTERRUPT -> List.of("set", "storm", "quiet");
            case LOG_FULL, LOG_GONE -> List.of("before", "trouble", "again");
            case UNDECIDED -> List.of("undecided");
            case RESOURCE_DOWN, SAME_NAME_KILLED -> List.of("decided");
            case SAME_NAME_ALIVE, COMMIT_UNANSWERED -> List.of("work");
            case TIMEOUT -> List.<String>of();
        };
        for (var phase : phases) {
            facts.put(phase + ".asked", "5");
            facts.put(phase + ".committed", "5");
        }
        facts.put("after.committed", "5");
        facts.put("after.nothing", "5");
        facts.put("told.meanwhile", "5");
        if (fault == Fault.TIMEOUT) {
            facts.put("noticed", "true");
            facts.put("same", "SQLException");
            facts.put("new", "SQLException");
            facts.put("commit", "rolled back");
        } else {
            facts.put("opened.RECOVER", "yes");
        }
        return facts;
    }

    private static List<String> unexpected(Fault fault, Map<String, String> facts) {
        return Judge.of(new Observation(fault, FaultProduct.KTM, facts)).stream()
                .filter(sentence -> !sentence.expected())
                .map(Sentence::text)
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsFoundInWhatIsAsExpected(Fault fault) {
        assertThat(Judge.of(new Observation(fault, FaultProduct.KTM, good(fault))))
                .isNotEmpty();
        assertThat(unexpected(fault, good(fault))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            INTERRUPT         | set.committed     | 4           | `commit` does not answer
            INTERRUPT         | quiet.asked       | 0           | nothing was tried
            INTERRUPT         | after.lost        | 1           | a commit that had returned is lost
            INTERRUPT         | opened.RECOVER    | IOException | the process after the restart does not start: `IOException`
            LOG_FULL          | trouble.committed | 4           | `commit` does not answer
            LOG_FULL          | again.committed   | 0           | after the restart: `commit` does not answer
            LOG_GONE          | after.half        | 1           | committed in one resource manager and rolled back in the other
            LOG_GONE          | after.undead      | 1           | answered with rollback has happened
            LOG_GONE          | end.RECOVER       | hangs       | the process after the restart hangs
            UNDECIDED         | after.nothing     | 4           | 4 of 5 are rolled back
            UNDECIDED         | undecided.asked   | 0           | are rolled back
            RESOURCE_DOWN     | told.meanwhile    | 4           | told of 4 of 5 decisions
            RESOURCE_DOWN     | after.committed   | 4           | 4 of 5 are committed
            RESOURCE_DOWN     | after.inDoubt     | 1           |
            SAME_NAME_ALIVE   | other.rolledBack  | 1           | rolls back branches of the first one
            SAME_NAME_KILLED  | other.rolledBack  | 1           | rolls back branches of the first one
            SAME_NAME_KILLED  | after.committed   | 0           | 0 of 5 are committed
            TIMEOUT           | row.same          | there       | the row that was inserted after that, through the same connection, is there
            TIMEOUT           | row.new           | there       | through a new connection, is there
            TIMEOUT           | row.before        | there       | the row that was inserted before its time was over is there
            TIMEOUT           | commit            | committed   | `commit` returns
            COMMIT_UNANSWERED | work.rolledBack   | 5           | it says that the transaction is rolled back
            COMMIT_UNANSWERED | after.committed   | 4           | 4 of 5 are committed
            COMMIT_UNANSWERED | work.committed    | 0           | `commit` does not answer
            """)
    void whatIsPlantedIsFound(Fault fault, String name, String value, String expected) {
        var facts = good(fault);
        if (name.equals("after.inDoubt")) {
            facts.put("after.committed", "4");
        }
        facts.put(name, value);

        assertThat(unexpected(fault, facts))
                .anySatisfy(text -> assertThat(text).contains(expected == null ? "in doubt" : expected));
    }

    @Test
    void ofSeveralRunsTheWorstIsKeptAndSaysThatOthersWereOtherwise() {
        var good = new Observation(Fault.INTERRUPT, FaultProduct.KTM, good(Fault.INTERRUPT));
        var facts = good(Fault.INTERRUPT);
        facts.put("after.lost", "1");
        var bad = new Observation(Fault.INTERRUPT, FaultProduct.KTM, facts);

        assertThat(Judge.worst(List.of(good, good))).isEqualTo(good);
        assertThat(Judge.of(Judge.worst(List.of(good, bad, good))))
                .contains(new Sentence("a commit that had returned is lost, at least in part", false))
                .contains(new Sentence("other runs were otherwise", true));
    }

    @Test
    void whatWasAnsweredIsComparedWithWhatIsThere() throws Exception {
        var first = new RecordedResourceManager(directory, "first");
        var second = new RecordedResourceManager(directory, "second");
        var answers = new Answers(directory);
        plant(answers, "kept", Outcome.COMMITTED, first, BranchState.COMMITTED, second, BranchState.COMMITTED);
        plant(answers, "lost", Outcome.COMMITTED, first, BranchState.ROLLED_BACK, second, BranchState.ROLLED_BACK);
        plant(answers, "half", Outcome.COMMITTED, first, BranchState.COMMITTED, second, BranchState.ROLLED_BACK);
        plant(answers, "undead", Outcome.ROLLED_BACK, first, BranchState.COMMITTED, second, BranchState.COMMITTED);
        plant(answers, "doubt", Outcome.OTHER, first, BranchState.COMMITTED, second, BranchState.PREPARED);
        answers.asked("work", "silent");

        var facts = Tally.of(answers.all(), List.of(first.states(), second.states()));

        assertThat(facts)
                .containsEntry("work.asked", "6")
                .containsEntry("work.committed", "3")
                .containsEntry("work.rolledBack", "1")
                .containsEntry("work.other", "1")
                .containsEntry("after.committed", "2")
                .containsEntry("after.lost", "2")
                .containsEntry("after.half", "1")
                .containsEntry("after.undead", "1")
                .containsEntry("after.inDoubt", "1")
                .containsEntry("after.nothing", "2");
    }

    private static void plant(
            Answers answers,
            String key,
            Outcome outcome,
            RecordedResourceManager first,
            BranchState firstState,
            RecordedResourceManager second,
            BranchState secondState) {
        answers.asked("work", key);
        answers.answered("work", key, outcome, "");
        first.record(new Branch(key), firstState, key);
        second.record(new Branch(key), secondState, key);
    }

    @Test
    void aRecordedResourceManagerIsSharedByProcessesAndGoesDown() throws Exception {
        var mine = new RecordedResourceManager(directory, "first");
        var theirs = new RecordedResourceManager(directory, "first");
        var branch = new Branch("shared");

        assertThat(mine.session("key", Hook.NONE).prepare(branch)).isEqualTo(XAResource.XA_OK);
        assertThat(theirs.session().recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN))
                .singleElement()
                .satisfies(
                        found -> assertThat(found.getGlobalTransactionId()).isEqualTo(branch.getGlobalTransactionId()));
        theirs.session().rollback(branch);

        assertThat(mine.states()).containsExactly(Map.entry("key", BranchState.ROLLED_BACK));
        assertThat(catchCode(() -> mine.session().commit(branch, false))).isEqualTo(XAException.XAER_NOTA);
        theirs.goDown();
        assertThat(catchCode(mine::session)).isEqualTo(XAException.XAER_RMFAIL);
        theirs.comeBack();
        assertThat(mine.session().recover(XAResource.TMSTARTRSCAN)).isEmpty();
        assertThat(Files.readString(directory.resolve("first.branches"), UTF_8)).hasLineCount(2);
    }

    private interface Call {
        void run() throws XAException;
    }

    private static int catchCode(Call call) {
        try {
            call.run();
            return 0;
        } catch (XAException e) {
            return e.errorCode;
        }
    }

    /** A branch of the transaction of this name. */
    private record Branch(String name) implements Xid {

        @Override
        public int getFormatId() {
            return 7;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return name.getBytes(UTF_8);
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }
}
