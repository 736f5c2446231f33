package dev.ktm.glassfish;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Runs a test's tasks in a request. Its class is the test's, so the two meet here. */
@WebServlet("/task")
public class TaskServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    private static final Map<String, Run> RUNS = new ConcurrentHashMap<>();

    private static final class Run {
        private final Task task;
        private volatile @Nullable Throwable failure;

        Run(Task task) {
            this.task = task;
        }
    }

    /** Runs it in a request to this application. */
    static void run(int port, String application, Task task) throws Exception {
        var run = new Run(task);
        var name = Integer.toHexString(System.identityHashCode(run));
        RUNS.put(name, run);
        var answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(
                                        "http://localhost:" + port + "/" + application + "/task?name=" + name))
                                .build(),
                        HttpResponse.BodyHandlers.discarding());
        assertThat(answer.statusCode()).isEqualTo(HttpServletResponse.SC_OK);
        if (run.failure instanceof Error e) {
            throw e;
        }
        if (run.failure instanceof Exception e) {
            throw e;
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) {
        var run = RUNS.remove(request.getParameter("name"));
        if (run == null) {
            response.setStatus(HttpServletResponse.SC_GONE);
            return;
        }
        try {
            run.task.run();
        } catch (Exception | Error e) {
            run.failure = e;
        }
    }
}
