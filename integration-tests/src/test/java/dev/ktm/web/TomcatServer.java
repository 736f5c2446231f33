package dev.ktm.web;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.deploy.NamingResourcesImpl;
import org.apache.catalina.startup.ContextConfig;
import org.apache.catalina.startup.Tomcat;

/** A Tomcat in this process, on a free port, with one web application or several. */
final class TomcatServer implements AutoCloseable {

    private final Tomcat tomcat = new Tomcat();

    private TomcatServer(Path base) {
        tomcat.setBaseDir(base.toString());
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(0);
        tomcat.enableNaming();
        tomcat.getHost().setAutoDeploy(false);
    }

    /** Starts it with this context.xml. */
    static TomcatServer start(Path base, String contextXml) throws Exception {
        var server = new TomcatServer(base);
        server.add("", contextXml, Site.in(base.resolve("site")));
        server.start();
        return server;
    }

    /** One with the classes of KTM in its own library, to which applications are added before it is started. */
    static TomcatServer withKtmInside(Path base) {
        return new TomcatServer(base);
    }

    private Path base() {
        return tomcat.getServer().getCatalinaBase().toPath();
    }

    private StandardContext add(String path, String contextXml, Path directory) throws IOException {
        var file = base().resolve("context" + path.replace('/', '-') + ".xml");
        Files.writeString(file, contextXml);
        var site = new StandardContext();
        site.setPath(path);
        site.setDocBase(directory.toString());
        site.setConfigFile(file.toUri().toURL());
        var configuration = new ContextConfig();
        configuration.setDefaultWebXml(tomcat.noDefaultWebXmlPath());
        site.addLifecycleListener(configuration);
        tomcat.getHost().addChild(site);
        return site;
    }

    /** Adds an application that has nothing of KTM in itself. */
    StandardContext add(String path, String contextXml) throws IOException, URISyntaxException {
        return add(path, contextXml, Site.withoutKtm(base().resolve("site" + path.replace('/', '-'))));
    }

    /** What is said in the server's own configuration. */
    NamingResourcesImpl globalNames() {
        return tomcat.getServer().getGlobalNamingResources();
    }

    javax.naming.Context globalContext() {
        return tomcat.getServer().getGlobalNamingContext();
    }

    void start() throws LifecycleException {
        tomcat.start();
        tomcat.getConnector();
    }

    Context site() {
        return (Context) tomcat.getHost().findChild("");
    }

    String get(String path) throws IOException, InterruptedException {
        return ask("/shop/" + path);
    }

    String ask(String path) throws IOException, InterruptedException {
        var uri = URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + path);
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
