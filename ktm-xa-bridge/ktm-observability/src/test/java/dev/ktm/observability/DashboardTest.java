package dev.ktm.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.transaction.RollbackException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.transaction.xa.XAException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What the dashboard and the alert rules ask for is what a coordinator says of itself. */
class DashboardTest {

    private static final Path DOCS = Path.of("..", "docs");
    private static final Pattern METRIC = Pattern.compile("\\bktm_[a-z_]+");
    private static final Pattern LABELS = Pattern.compile("\\b([a-z_]+)\\s*(?:=~|!~|!=|=)\\s*\"");
    private static final Pattern BY = Pattern.compile("\\bby \\(([^)]*)\\)");
    /** Whoever scrapes says these. */
    private static final Set<String> OF_PROMETHEUS = Set.of("job", "instance");

    private static Map<?, ?> read(String name) throws Exception {
        var yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
        return (Map<?, ?>) yaml.load(Files.readString(DOCS.resolve(name), StandardCharsets.UTF_8));
    }

    /** The lines that Prometheus reads after some work of every kind. */
    private static List<String> scrape() throws Exception {
        var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (var coordinator = new Coordinator();
                var metrics = new KtmMetrics(coordinator.ktm)) {
            metrics.bindTo(registry);
            coordinator.commitBoth();
            coordinator.begin();
            coordinator.workInBoth();
            coordinator.orders.failNextPrepare(XAException.XA_RBDEADLOCK);
            assertThatThrownBy(coordinator::commit).isInstanceOf(RollbackException.class);
            return registry.scrape()
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
        }
    }

    private static Set<String> namesIn(List<String> lines) {
        return lines.stream().map(line -> line.split("[{ ]", 2)[0]).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> labelsIn(List<String> lines) {
        var labels = new TreeSet<>(OF_PROMETHEUS);
        for (var line : lines) {
            LABELS.matcher(line).results().forEach(found -> labels.add(found.group(1)));
        }
        return labels;
    }

    private static void collect(@Nullable Object from, String key, List<String> into) {
        if (from instanceof Map<?, ?> map) {
            map.forEach((name, value) -> {
                if (key.equals(name) && value instanceof String text) {
                    into.add(text);
                }
                collect(value, key, into);
            });
        } else if (from instanceof List<?> all) {
            all.forEach(each -> collect(each, key, into));
        }
    }

    private static List<String> textsOf(Object from, String key) {
        var all = new ArrayList<String>();
        collect(from, key, all);
        return all;
    }

    private static void assertThatAllExist(List<String> expressions) throws Exception {
        var lines = scrape();
        var names = namesIn(lines);
        var labels = labelsIn(lines);
        for (var expression : expressions) {
            var asked = METRIC.matcher(expression)
                    .results()
                    .map(found -> found.group())
                    .toList();
            assertThat(asked).as(expression).isNotEmpty();
            assertThat(names).as(expression).containsAll(asked);
            LABELS.matcher(expression)
                    .results()
                    .forEach(found -> assertThat(labels).as(expression).contains(found.group(1)));
            BY.matcher(expression)
                    .results()
                    .flatMap(found -> Pattern.compile(", *").splitAsStream(found.group(1)))
                    .forEach(label -> assertThat(labels).as(expression).contains(label));
            for (var pair : new String[] {"()", "[]", "{}"}) {
                assertThat(expression
                                .chars()
                                .filter(each -> each == pair.charAt(0))
                                .count())
                        .as(expression)
                        .isEqualTo(expression
                                .chars()
                                .filter(each -> each == pair.charAt(1))
                                .count());
            }
        }
    }

    @Test
    void theDashboardAsksForMetricsThatExist() throws Exception {
        var dashboard = read("dashboard.json");

        assertThatAllExist(textsOf(dashboard, "expr"));
        assertThatAllExist(textsOf(dashboard, "definition"));
    }

    private static Map<?, ?> map(@Nullable Object value) {
        return (Map<?, ?>) Objects.requireNonNull(value);
    }

    private static List<?> list(@Nullable Object value) {
        return (List<?>) Objects.requireNonNull(value);
    }

    private static int number(@Nullable Object value) {
        return (Integer) Objects.requireNonNull(value);
    }

    @Test
    void everyPanelHasAPlaceATitleAndAnExplanation() throws Exception {
        var panels = list(read("dashboard.json").get("panels"));
        var ids = new TreeSet<Integer>();
        for (var each : panels) {
            var panel = map(each);
            assertThat(ids.add(number(panel.get("id")))).isTrue();
            assertThat((String) panel.get("title")).isNotBlank();
            var place = map(panel.get("gridPos"));
            assertThat(number(place.get("x")) + number(place.get("w"))).isLessThanOrEqualTo(24);
            if (!"row".equals(panel.get("type"))) {
                assertThat((String) panel.get("description")).isNotBlank();
                assertThat(list(panel.get("targets"))).isNotEmpty();
            }
        }
        assertThat(panels).hasSizeGreaterThan(15);
    }

    @Test
    void theDashboardShowsEveryMetricThatThereIs() throws Exception {
        var asked = textsOf(read("dashboard.json"), "expr").stream()
                .flatMap(expression -> METRIC.matcher(expression).results().map(found -> found.group()))
                .map(DashboardTest::family)
                .collect(Collectors.toSet());
        var there = namesIn(scrape()).stream().map(DashboardTest::family).collect(Collectors.toSet());

        assertThat(asked).containsAll(there);
    }

    /** The parts of a histogram are one. */
    private static String family(String name) {
        return name.replaceAll("_seconds_(bucket|count|sum|max)$", "_seconds");
    }

    @Test
    void theAlertsAskForMetricsThatExistAndSayWhatToDo() throws Exception {
        var alerts = read("alerts.yml");

        assertThatAllExist(textsOf(alerts, "expr"));
        var names = new TreeSet<String>();
        for (var group : list(alerts.get("groups"))) {
            for (var each : list(map(group).get("rules"))) {
                var rule = map(each);
                assertThat(names.add(String.valueOf(rule.get("alert")))).isTrue();
                assertThat(map(rule.get("labels")).get("severity")).isIn("critical", "warning");
                var texts = map(rule.get("annotations"));
                assertThat((String) texts.get("summary")).isNotBlank();
                assertThat((String) texts.get("description")).isNotBlank();
            }
        }
        var guide = Files.readString(DOCS.resolve("observability.md"), StandardCharsets.UTF_8);
        assertThat(names).isNotEmpty().allSatisfy(name -> assertThat(guide).contains("`" + name + "`"));
    }

    @Test
    void theGuideNamesEveryMeter() throws Exception {
        var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        var guide = Files.readString(DOCS.resolve("observability.md"), StandardCharsets.UTF_8);
        try (var coordinator = new Coordinator();
                var metrics = new KtmMetrics(coordinator.ktm)) {
            metrics.bindTo(registry);
            coordinator.commitBoth();

            assertThat(registry.getMeters())
                    .isNotEmpty()
                    .allSatisfy(meter ->
                            assertThat(guide).contains("`" + meter.getId().getName() + "`"));
        }
    }
}
