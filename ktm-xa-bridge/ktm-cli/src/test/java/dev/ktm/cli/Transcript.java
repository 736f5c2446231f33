package dev.ktm.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The commands of a guide, run for real: what is another in every run (ids, times, processes, places) is written as it stands in the
 * guide, and the other way round.
 */
final class Transcript {

    /** Runs a command in a scene of the guide. */
    interface Stage {
        /** Has something happen. */
        void scene(String name) throws Exception;

        /** Runs the tool. */
        Spoken run(List<String> words);

        /** What is in this run, and how the guide calls it. */
        Map<String, String> places();
    }

    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Pattern BARE_ID = Pattern.compile("[0-9a-f]{32}");
    private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
    private static final Pattern AGE = Pattern.compile("\\b\\d+ (?:ms|s)\\b( *)");
    private static final String AGE_IN_GUIDE = "40 s";
    private static final Pattern FILE_SYSTEM =
            Pattern.compile("(?m)^(\\S+) +log in \\S+, file system: .*\n(?: +-> .*\n)?");
    private static final Pattern SUMMARY = Pattern.compile("(\\d+) faults?, (\\d+) warnings?, of (\\d+) checks?");
    private static final Pattern WELL = Pattern.compile("All is well: (\\d+) checks");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

    private final Stage stage;
    private final Map<String, String> idInGuide = new LinkedHashMap<>();
    private final Map<String, String> idInRun = new LinkedHashMap<>();
    private final List<String> differences = new ArrayList<>();
    private int minutes;

    Transcript(Stage stage) {
        this.stage = stage;
    }

    /** Where the guide says otherwise than the tool. */
    List<String> differences() {
        return differences;
    }

    /** The guide as it should be. */
    String rewrite(String guide) throws Exception {
        var written = new StringBuilder();
        var lines = guide.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            var line = lines.get(i);
            written.append(line).append('\n');
            if (line.startsWith("<!-- scene: ")) {
                stage.scene(line.substring("<!-- scene: ".length(), line.indexOf(" -->")));
            } else if (line.equals("```console")) {
                int end = lines.subList(i, lines.size()).indexOf("```") + i;
                written.append(block(lines.subList(i + 1, end))).append("```\n");
                i = end;
            }
        }
        return written.toString();
    }

    private String block(List<String> lines) {
        var written = new StringBuilder();
        var said = new ArrayList<String>();
        var command = "";
        for (var line : lines) {
            if (line.startsWith("$ ")) {
                written.append(finished(command, said));
                command = line;
                said.clear();
            } else {
                said.add(line);
            }
        }
        return written.append(finished(command, said)).toString();
    }

    private String finished(String command, List<String> said) {
        if (command.isEmpty()) {
            return "";
        }
        if (command.equals("$ echo $?")) {
            return command + "\n" + String.join("\n", said) + "\n";
        }
        minutes++;
        var spoken = stage.run(words(command));
        var found = inGuide(spoken.out() + spoken.err()).strip() + "\n[exit code " + spoken.code() + "]";
        var expected = String.join("\n", said);
        if (!comparable(found).equals(comparable(expected))) {
            differences.add(command + "\nexpected:\n" + expected + "\nfound:\n" + found);
        }
        return command + "\n" + found + "\n";
    }

    /** The words behind "$ ktm", with the ids of this run; also the beginning of one. */
    private List<String> words(String command) {
        var words = new ArrayList<String>();
        var matcher = WORD.matcher(command.substring("$ ktm ".length()));
        while (matcher.find()) {
            var word = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            for (var id : idInRun.entrySet()) {
                if (word.length() >= 8 && id.getKey().startsWith(word)) {
                    word = id.getValue().substring(0, word.length());
                }
            }
            for (var place : stage.places().entrySet()) {
                word = word.equals(place.getValue()) ? place.getKey() : word;
            }
            words.add(word);
        }
        return words;
    }

    private String inGuide(String said) {
        var text = said.replace("\r", "");
        for (var place : stage.places().entrySet()) {
            text = text.replace(place.getKey(), place.getValue());
        }
        text = replaced(text, ID, (match, ignored) -> idInGuide(match));
        text = replaced(text, BARE_ID, (match, ignored) -> bare(match));
        text = replaced(text, TIME, (match, fraction) -> "2026-11-26T03:" + (10 + minutes) + ":00" + fraction + "Z");
        text = AGE.matcher(text).replaceAll(match -> AGE_IN_GUIDE + " ".repeat(paddingOf(match)));
        text = text.replaceAll("\\b\\d+ (record|frame)s?\\b", "12 $1s");
        text = text.replaceAll(
                "(?<=(process|online|closed) {1,9})" + ProcessHandle.current().pid() + "\\b", "4711");
        text = text.replaceAll("\\b\\d+%", "5%");
        text = text.replaceAll("(?<=Java of this tool: version )\\d+", "17");
        text = text.replaceAll("\\b[\\d.]+ .iB of [\\d.]+ .iB free", "78 GiB of 252 GiB free");
        return withoutFileSystem(text);
    }

    /** What file system tests run on is no matter of the guide. */
    private static String withoutFileSystem(String text) {
        var found = FILE_SYSTEM.matcher(text);
        if (!found.find()) {
            return text;
        }
        int warnings = found.group(1).equals("warning") ? 1 : 0;
        var rest = found.replaceFirst("");
        rest = SUMMARY.matcher(rest)
                .replaceAll(sum -> Words.count(Long.parseLong(sum.group(1)), "fault") + ", "
                        + Words.count(Long.parseLong(sum.group(2)) - warnings, "warning") + ", of "
                        + Words.count(Long.parseLong(sum.group(3)) - 1, "check"));
        rest = WELL.matcher(rest).replaceAll(all -> "All is well: " + (Long.parseLong(all.group(1)) - 1) + " checks");
        return rest.replaceAll("0 faults, 0 warnings, of (\\d+) checks", "All is well: $1 checks");
    }

    /** Columns stay where they are. */
    private static int paddingOf(MatchResult age) {
        int spaces = age.group(1).length();
        return spaces < 2 ? spaces : Math.max(2, age.group().length() - AGE_IN_GUIDE.length());
    }

    private String idInGuide(String id) {
        var known = idInGuide.get(id);
        if (known == null) {
            known = UUID.nameUUIDFromBytes(
                            ("guide " + idInGuide.size()).getBytes(java.nio.charset.StandardCharsets.UTF_8))
                    .toString();
            idInGuide.put(id, known);
            idInRun.put(known, id);
        }
        return known;
    }

    private String bare(String digits) {
        for (var id : idInGuide.entrySet()) {
            if (id.getKey().replace("-", "").equals(digits)) {
                return id.getValue().replace("-", "");
            }
        }
        return digits;
    }

    private static String replaced(String text, Pattern pattern, BiFunction<String, String, String> replacement) {
        return pattern.matcher(text)
                .replaceAll(match -> replacement.apply(
                        match.group(),
                        match.groupCount() > 0 && match.group(1) != null
                                ? match.group(1).replaceAll("\\d", "0")
                                : ""));
    }

    /** Columns move when an age has another length. */
    private static String comparable(String text) {
        return text.replaceAll(" {2,}", "  ").replaceAll("\\.0+Z", "Z").strip();
    }
}
