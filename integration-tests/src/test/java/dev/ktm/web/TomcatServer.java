package dev.ktm.web;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.ContextConfig;
import org.apache.catalina.startup.Tomcat;

/** A Tomcat in this process, on a free port, with one web application. */
final class TomcatServer implements AutoCloseable {

    private final Tomcat tomcat = new Tomcat();
    private final StandardContext site = new StandardContext();

    private TomcatServer(Path base, Path contextXml) throws Exception {
        tomcat.setBaseDir(base.toString());
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(0);
        tomcat.enableNaming();
        tomcat.getHost().setAutoDeploy(false);
        var directory = base.resolve("site");
        if (!Files.exists(directory)) {
            Site.in(directory);
        }
        site.setPath("");
        site.setDocBase(directory.toString());
        site.setConfigFile(contextXml.toUri().toURL());
        var configuration = new ContextConfig();
        configuration.setDefaultWebXml(tomcat.noDefaultWebXmlPath());
        site.addLifecycleListener(configuration);
        tomcat.getHost().addChild(site);
        tomcat.start();
        tomcat.getConnector();
    }

    /** Starts it with this context.xml. */
    static TomcatServer start(Path base, String contextXml) throws Exception {
        var file = base.resolve("context.xml");
        Files.writeString(file, contextXml);
        return new TomcatServer(base, file);
    }

    Context site() {
        return site;
    }

    String get(String path) throws IOException, InterruptedException {
        var uri = URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + "/shop/" + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    @Override
    public void close() throws LifecycleException {
        tomcat.stop();
        tomcat.destroy();
    }
}
