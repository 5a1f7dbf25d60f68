/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.valves.AccessLogValve;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on an embedded server, with the connector added by code. */
final class EmbeddedTomcatTest extends TomcatContract {
    @TempDir
    static Path folder;

    private final Tomcat tomcat = new Tomcat();

    @Override
    void startServer(RouterPeer router) throws Exception {
        tomcat.setBaseDir(folder.toString());
        tomcat.getEngine().setName("Catalina");
        AccessLogValve log = new AccessLogValve();
        log.setDirectory("logs");
        log.setPattern("common");
        log.setBuffered(false);
        tomcat.getEngine().getPipeline().addValve(log);
        // The default web.xml wants Jasper; a default servlet is all the tests need of it.
        tomcat.setAddDefaultWebXmlToWebapp(false);
        Context context =
                tomcat.addWebapp("", Layout.webApp(folder.resolve("app")).toString());
        Tomcat.addServlet(context, "default", new DefaultServlet());
        context.addServletMappingDecoded("/", "default");
        FluidProtocol protocol = new FluidProtocol();
        protocol.setProperty("function", RouterPeer.FUNCTION);
        protocol.setProperty("routerUrls", router.url());
        protocol.setProperty("fluid.tunnel.secret", RouterPeer.SECRET);
        RouterPeer.PATIENT.forEach(protocol::setProperty);
        protocol.setProperty("port", "0");
        Connector connector = new Connector(protocol);
        connector.setThrowOnFailure(true);
        tomcat.getService().addConnector(connector);
        tomcat.start();
    }

    @Override
    void stopServer() throws Exception {
        tomcat.stop();
        tomcat.destroy();
    }

    @Override
    String accessLog() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("logs"))) {
            return Files.readString(files.findFirst().orElseThrow());
        }
    }

    @Test
    void theInitializerAddsNoSecondConnector() {
        assertThat(tomcat.getService().findConnectors())
                .filteredOn(each -> each.getProtocolHandler() instanceof FluidProtocol)
                .hasSize(1);
    }
}
