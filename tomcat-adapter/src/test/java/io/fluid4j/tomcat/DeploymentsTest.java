/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.FrameType;
import io.fluid4j.testkit.WireFrame;
import io.fluid4j.testkit.WirePeer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Applications that come and go while the server runs. */
@Timeout(90)
class DeploymentsTest {

    @TempDir
    Path folder;

    private final Tomcat tomcat = new Tomcat();
    private RouterPeer router;
    private WirePeer peer;
    private int stream = 1;

    @BeforeEach
    void start() throws Exception {
        router = new RouterPeer();
        tomcat.setBaseDir(folder.toString());
        tomcat.getEngine().setName("Catalina");
        context("/one");
        FluidProtocol protocol = new FluidProtocol();
        protocol.setProperty("function", RouterPeer.FUNCTION);
        protocol.setProperty("routerUrls", router.url());
        protocol.setProperty("fluid.tunnel.secret", RouterPeer.SECRET);
        RouterPeer.PATIENT.forEach(protocol::setProperty);
        // Long, so that nothing here is found by a look now and then.
        protocol.setProperty("fluid.health.interval", "10s");
        Connector connector = new Connector(protocol);
        connector.setThrowOnFailure(true);
        tomcat.getService().addConnector(connector);
        tomcat.start();
        peer = router.accept();
    }

    @AfterEach
    void stop() throws Exception {
        peer.close();
        tomcat.stop();
        tomcat.destroy();
        router.close();
    }

    private Context context(String path) {
        Context context = tomcat.addContext(path, folder.toString());
        Tomcat.addServlet(context, "default", new DefaultServlet());
        context.addServletMappingDecoded("/", "default");
        return context;
    }

    /** {@code nack 13}, or the status. */
    private String ask(String path) throws IOException {
        int id = stream;
        stream += 2;
        peer.get(id, path);
        WireFrame answer = peer.await(
                frame -> frame.stream() == id && (frame.is(FrameType.NACK) || frame.is(FrameType.RESPONSE_STARTED)),
                "an answer to " + path);
        byte[] payload = answer.payload();
        return answer.is(FrameType.NACK)
                ? "nack " + payload[1]
                : Integer.toString((payload[0] & 0xFF) << 8 | payload[1] & 0xFF);
    }

    @Test
    void applicationThatStopsTakesNoMoreRequestsFromThatMomentOn() throws Exception {
        Context two = context("/two");
        assertThat(ask("/one/")).isEqualTo("404");
        assertThat(ask("/two/")).isEqualTo("404");
        two.stop();
        assertThat(ask("/two/")).isEqualTo("nack 13");
        assertThat(ask("/one/")).isEqualTo("404");
        two.start();
        assertThat(ask("/two/")).isEqualTo("404");
    }

    @Test
    void applicationThatIsRemovedAndAddedAgain() throws Exception {
        Context late = context("/late");
        assertThat(ask("/late/")).isEqualTo("404");
        tomcat.getHost().removeChild(late);
        assertThat(ask("/late/")).isEqualTo("nack 13");
        context("/late");
        assertThat(ask("/late/")).isEqualTo("404");
    }

    /** As long as it is being reloaded requests wait in Tomcat, on its own port as well. */
    @Test
    void applicationThatIsReloadedKeepsItsRequests() throws Exception {
        Context one = (Context) tomcat.getHost().findChild("/one");
        int id = stream;
        one.addLifecycleListener(event -> {
            if (Lifecycle.BEFORE_START_EVENT.equals(event.getType())) {
                try {
                    peer.get(id, "/one/").roundTrip(); // It has been taken, or refused, when the pong comes.
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        one.reload();
        WireFrame answer = peer.await(
                frame -> frame.stream() == id && (frame.is(FrameType.NACK) || frame.is(FrameType.RESPONSE_STARTED)),
                "an answer");
        assertThat(answer.is(FrameType.RESPONSE_STARTED)).isTrue();
    }
}
