package dev.ktm.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktm.log.testing.Until;
import dev.ktm.rm.OperatorAct;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * The page in a Chromium, of Debian's packages {@code chromium} and {@code chromium-driver}; left out where these are not. What it looks like
 * is left in {@code target/screenshots}.
 */
@Tag("slow")
class BrowserTest {

    private static final Path SCREENSHOTS = Path.of("target", "screenshots");
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final String HOSTILE = "<img src=x onerror=document.title='taken'><b>bold</b>";

    private static ChromeDriver browser;

    private final Coordinator coordinator = new Coordinator();
    private ConsoleServer server;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(
                Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
                "the Debian packages chromium and chromium-driver are not installed");
        Files.createDirectories(SCREENSHOTS);
        var options = new ChromeOptions();
        options.setBinary(CHROMIUM.toString());
        options.addArguments(
                "--headless=new",
                // Its own sandbox needs rights that a container does not give; the only page is ours.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--force-prefers-reduced-motion");
        var logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        var service = new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.toFile())
                .usingAnyFreePort()
                .build();
        browser = new ChromeDriver(service, options);
        browser.manage().timeouts().pageLoadTimeout(Duration.ofSeconds(60));
    }

    @AfterAll
    static void quit() {
        if (browser != null) {
            browser.quit();
        }
    }

    @BeforeEach
    void open() throws Exception {
        open(false);
        // What earlier tests have left there.
        complaints();
        browser.manage().window().setSize(new Dimension(1280, 900));
    }

    private void open(boolean acting) throws Exception {
        if (server != null) {
            server.close();
        }
        server = ConsoleServer.open(
                coordinator.ktm.operations(),
                ConsoleOptions.defaults().withActing(acting).withHistory(Duration.ofMillis(100), 600));
    }

    @AfterEach
    void close() {
        browser.get("about:blank");
        server.close();
        coordinator.close();
    }

    private void enter() throws Exception {
        browser.get(server.link().toString());
        Until.holds(() -> element("content").isDisplayed(), () -> browser.getPageSource());
    }

    private static WebElement element(String id) {
        return browser.findElement(By.id(id));
    }

    private static String text(String id) {
        return element(id).getText();
    }

    private static void awaitText(String id, String text) throws Exception {
        Until.holds(() -> text(id).contains(text), () -> "expected " + text + ", found " + text(id));
    }

    /** Clicks where a refresh may just replace what is clicked. */
    private static void click(By what) throws Exception {
        Until.holds(
                () -> {
                    try {
                        var found = browser.findElements(what);
                        if (found.isEmpty()) {
                            return false;
                        }
                        found.get(0).click();
                        return true;
                    } catch (StaleElementReferenceException e) {
                        return false;
                    }
                },
                () -> "nothing to click on: " + what);
    }

    private static void take(String name) throws Exception {
        var taken = browser.getScreenshotAs(OutputType.BYTES);
        Files.write(SCREENSHOTS.resolve(name + ".png"), taken);
    }

    /** Works, now more, now less, until each line of the plots has some points. */
    private void awaitPlots() throws Exception {
        var random = new Random(1);
        Until.holds(() -> {
            for (int i = random.nextInt(40); i > 0; i--) {
                coordinator.commitBoth();
            }
            return number("return document.querySelectorAll('#plots polyline.series').length") == 6
                    && number("return Math.min(...[...document.querySelectorAll('#plots polyline')].map("
                                    + "each => each.points.length))")
                            >= 20;
        });
    }

    private static long number(String script) {
        return ((Number) Objects.requireNonNull(browser.executeScript(script))).longValue();
    }

    /** The whole page, not only what fits a window. */
    private static void takeWhole(String name) throws Exception {
        var size = browser.manage().window().getSize();
        long height = number("return document.documentElement.scrollHeight");
        browser.manage().window().setSize(new Dimension(size.getWidth(), (int) Math.min(height + 160, 6_000)));
        take(name);
        browser.manage().window().setSize(size);
    }

    /** What the page said to those who write pages: a mistake of ours, or something that its policy has refused. */
    private static List<String> complaints() {
        return browser.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(each -> each.getLevel().intValue() >= Level.WARNING.intValue())
                .map(each -> each.getMessage())
                .toList();
    }

    private void work() throws Exception {
        for (int i = 0; i < 40; i++) {
            coordinator.commitBoth();
        }
        coordinator.rollBackBoth();
        coordinator.damage();
        coordinator.prepareForASuperior();
        // Work goes on beside it.
        coordinator.begin();
        coordinator.ktm.transactionManager().suspend();
    }

    @Test
    void showsWhatTheCoordinatorKnows() throws Exception {
        work();
        enter();
        assertThat(text("state")).startsWith("online, ");
        assertThat(text("alarms")).contains("1 in doubt").contains("1 damaged");
        assertThat(text("transactions-count")).isEqualTo("2");
        assertThat(text("transactions")).contains("orders, stock").contains("its superior decides");
        assertThat(text("managers")).contains("orders").contains("stock");
        assertThat(text("damaged")).contains("XA_HEURRB");
        assertThat(text("reports")).contains("heuristic");
        assertThat(browser.getTitle()).startsWith("(!) KTM ");
        awaitPlots();
        assertThat(browser.findElements(By.cssSelector("#plots figure"))).hasSize(4);
        takeWhole("overview");
        assertThat(complaints()).isEmpty();
    }

    @Test
    void takesTheTokenOutOfTheAddressAndKeepsItForTheTab() throws Exception {
        enter();
        assertThat(browser.getCurrentUrl()).isEqualTo(server.address().toString());
        browser.navigate().refresh();
        Until.holds(() -> element("content").isDisplayed());
        assertThat(browser.manage().getCookies()).isEmpty();
    }

    @Test
    void asksForTheTokenAndTellsNothingWithoutIt() throws Exception {
        work();
        browser.get(server.address().toString());
        Until.holds(() -> element("entrance").isDisplayed());
        assertThat(element("content").isDisplayed()).isFalse();
        assertThat(browser.getPageSource())
                .doesNotContain(
                        coordinator.ktm.operations().manager().identity().toString());
        take("entrance");
        element("entrance-token").sendKeys("a guess");
        click(By.cssSelector("#entrance button"));
        awaitText("entrance-why", "something else");
        element("entrance-token").sendKeys("a-guess");
        click(By.cssSelector("#entrance button"));
        awaitText("entrance-why", "found another");
        element("entrance-token").sendKeys(server.link().toString());
        click(By.cssSelector("#entrance button"));
        Until.holds(() -> element("content").isDisplayed());
    }

    @Test
    void whatOthersWriteIsTextAndNeverMarkup() throws Exception {
        coordinator.ktm.register(HOSTILE, () -> coordinator.orders);
        enter();
        awaitText("managers", HOSTILE);
        assertThat(browser.findElements(By.tagName("img"))).isEmpty();
        assertThat(browser.findElements(By.tagName("b"))).isEmpty();
        assertThat(browser.getTitle()).startsWith("KTM ");
    }

    @Test
    void aTransactionThatIsChosenShowsItsPartsAndItsOwnersStack() throws Exception {
        coordinator.begin();
        coordinator.enlistBoth();
        enter();
        click(By.cssSelector("#transactions button"));
        Until.holds(() -> element("detail").isDisplayed());
        assertThat(text("detail"))
                .contains("Participants")
                .contains("stock")
                .contains("aTransactionThatIsChosenShowsItsPartsAndItsOwnersStack")
                .contains("ktm show ");
        takeWhole("transaction");
        assertThat(browser.findElements(By.cssSelector("button[data-verb]"))).isEmpty();
        coordinator.ktm.transactionManager().rollback();
        awaitText("detail", "It has ended.");
        click(By.cssSelector("#detail button[data-leave]"));
        assertThat(element("detail").isDisplayed()).isFalse();
        assertThat(complaints()).allSatisfy(each -> assertThat(each).contains("404"));
    }

    @Test
    void actsAreDoneOnceTheIdIsTypedAndThenStandInTheTable() throws Exception {
        open(true);
        coordinator.prepareForASuperior();
        var unit =
                coordinator.ktm.operations().transactions().get(0).unitOfWork().toString();
        enter();
        click(By.cssSelector("#transactions button"));
        click(By.cssSelector("#detail button[data-verb=resolve-commit]"));
        assertThat(element("act").isDisplayed()).isTrue();
        assertThat(text("act-text")).contains(unit);
        element("act-name").sendKeys("Ada");
        element("act-reason").sendKeys("the superior's log says so");
        element("act-confirm").sendKeys("yes");
        take("act");
        element("act-do").click();
        awaitText("act-error", "nothing was done");
        assertThat(coordinator.ktm.operations().acts()).isEmpty();
        element("act-confirm").clear();
        element("act-confirm").sendKeys(unit.substring(unit.length() - 8));
        element("act-do").click();
        awaitText("acts", "Ada (console)");
        awaitText("detail", "It has ended.");
        assertThat(coordinator.ktm.operations().acts()).singleElement().satisfies(act -> {
            assertThat(act.kind()).isEqualTo(OperatorAct.Kind.RESOLVE_COMMIT);
            assertThat(act.why()).isEqualTo("the superior's log says so");
        });
    }

    @Test
    void aParticipantThatIsGoneForGoodIsCompleted() throws Exception {
        open(true);
        coordinator.stock.isAway = true;
        coordinator.commitBoth();
        var unit =
                coordinator.ktm.operations().transactions().get(0).unitOfWork().toString();
        enter();
        click(By.cssSelector("#transactions button"));
        awaitText("detail", "owes an answer");
        click(By.cssSelector("#detail button[data-verb=complete]"));
        assertThat(text("act-text")).contains("stock is gone for good").contains(unit);
        element("act-name").sendKeys("Ada");
        element("act-reason").sendKeys("its disk is broken");
        element("act-confirm").sendKeys(unit.substring(unit.length() - 8));
        element("act-do").click();
        awaitText("acts", "complete");
        awaitText("transactions", "no transaction");
    }

    @Test
    void anActWhoseAnswerIsLostIsNotCalledUndone() throws Exception {
        open(true);
        coordinator.damage();
        enter();
        click(By.cssSelector("#damaged button[data-verb=forget]"));
        element("act-name").sendKeys("Ada");
        element("act-reason").sendKeys("mended");
        element("act-confirm").sendKeys(text("act-word"));
        server.close();
        element("act-do").click();
        awaitText("act-error", "may have been done");
    }

    @Test
    void whatHasTheFocusKeepsItThoughRowsBeforeItGo() throws Exception {
        var transactions = coordinator.ktm.transactionManager();
        transactions.begin();
        var first = transactions.suspend();
        transactions.begin();
        var second = transactions.suspend();
        enter();
        var unit = coordinator.ktm.operations().transactions().get(1).unitOfWork();
        browser.executeScript("document.querySelectorAll('#transactions button')[1].focus()");
        var before = text("transactions");
        Until.holds(() -> !text("transactions").equals(before));
        first.rollback();
        Until.holds(() -> text("transactions-count").equals("1"));
        assertThat(browser.switchTo().activeElement().getText()).isEqualTo(unit.toString());
        second.rollback();
    }

    @Test
    void anotherLifeBeginsItsHistoryAnew() throws Exception {
        enter();
        Until.holds(() -> number("return document.querySelectorAll('#plots polyline.series').length") == 6);
        int port = server.address().getPort();
        var token = server.link().getFragment().substring("token=".length());
        server.close();
        awaitText("state", "does not answer");
        assertThat(number("return document.querySelectorAll('#content.old').length"))
                .isEqualTo(1);
        server = ConsoleServer.open(
                coordinator.ktm.operations(),
                ConsoleOptions.defaults().withPort(port).withToken(token).withHistory(Duration.ofHours(1), 10));
        awaitText("state", "online");
        // Its only point makes no line.
        Until.holds(() -> number("return Math.max(...[...document.querySelectorAll('#plots polyline')].map("
                        + "each => each.points.length))")
                == 1);
        assertThat(number("return document.querySelectorAll('#content.old').length"))
                .isZero();
    }

    @Test
    void aCoordinatorThatHasEndedIsSaidToHaveEnded() throws Exception {
        enter();
        server.close();
        awaitText("state", "does not answer");
        assertThat(element("content").isDisplayed()).isTrue();
    }

    @Test
    void isReadOnANarrowScreenAndInTheDark() throws Exception {
        work();
        enter();
        awaitPlots();
        browser.manage().window().setSize(new Dimension(500, 900));
        browser.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
        try {
            long overflow =
                    number("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assertThat(overflow)
                    .as("only tables are wider than the screen, and scroll by themselves")
                    .isZero();
            takeWhole("narrow-dark");
        } finally {
            browser.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of()));
        }
    }
}
