package dev.ktm.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.spring.guide.ShopApplication;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jms.core.JmsTemplate;

/** The first example of the guide is an application that works, with the properties that stand there and no others. */
class GuideTest {

    private static final Path SOURCE = Path.of("src/test/java/dev/ktm/spring/guide/ShopApplication.java");
    private static final Path GUIDE = Path.of("../docs/spring.md");
    private static final Path README = Path.of("../../README.md");
    private static final Pattern CODE = Pattern.compile("\\n// guide\\n(.*?)\\n// end of guide\\n", Pattern.DOTALL);
    private static final Pattern PROPERTIES = Pattern.compile("```properties\\n(.*?)```", Pattern.DOTALL);
    private static final int MOST_LINES = 15;

    @TempDir
    Path directory;

    private static String first(Pattern pattern, Path file) throws Exception {
        var found = pattern.matcher(Files.readString(file));
        assertThat(found.find()).as("%s in %s", pattern, file).isTrue();
        return found.group(1);
    }

    @Test
    void theGuideAndTheReadmeHaveIt() throws Exception {
        var code = first(CODE, SOURCE);
        var properties = first(PROPERTIES, GUIDE);
        for (var file : new Path[] {GUIDE, README}) {
            assertThat(Files.readString(file))
                    .contains("```java\n" + code + "\n```")
                    .contains("```properties\n" + properties + "```");
        }
        assertThat(Stream.of(code, properties).flatMap(String::lines).filter(line -> !line.isBlank()))
                .hasSizeLessThanOrEqualTo(MOST_LINES);
    }

    @Test
    void itWorks() throws Exception {
        var properties = new Properties();
        properties.load(new StringReader(first(PROPERTIES, GUIDE)));
        properties.replaceAll((key, value) -> ((String) value).replace("./", directory + "/"));
        properties.put("ktm.log-directory", directory.resolve("ktm-log").toString());
        try (var context = new SpringApplicationBuilder(ShopApplication.class)
                .web(WebApplicationType.NONE)
                .properties(properties)
                .run()) {
            var database = context.getBean(JdbcTemplate.class);
            database.execute("create table sale (item varchar(10) primary key)");
            var shop = context.getBean(ShopApplication.class);
            var queue = context.getBean(JmsTemplate.class);

            shop.sell("lamp");
            assertThatThrownBy(() -> shop.sell("lamp")).isInstanceOf(DataAccessException.class);
            assertThatThrownBy(() -> shop.sell("too long a name")).isInstanceOf(DataAccessException.class);

            assertThat(database.queryForList("select item from sale", String.class))
                    .containsExactly("lamp");
            assertThat(queue.receiveAndConvert("sold")).isEqualTo("lamp");
            queue.setReceiveTimeout(JmsTemplate.RECEIVE_TIMEOUT_NO_WAIT);
            assertThat(queue.receiveAndConvert("sold")).isNull();
        }
    }
}
