/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The idle timeout of a client's connection comes at the moment when the next request does. */
@Timeout(120)
class IdleConnectionTest {

    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private final Server server = new Server();
    private final ServerConnector connector =
            new ServerConnector(server, 1, 1, new ClientConnectionFactory(new HttpConfiguration()));

    @BeforeEach
    void start() throws Exception {
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                response.write(true, ByteBuffer.wrap(new byte[] {'o', 'k'}), callback);
                return true;
            }
        });
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
    }

    /** A connection without a socket, whose next read meets the idle timeout. */
    private static final class Meeting extends ByteArrayEndPoint {
        private boolean expires;

        @Override
        public int fill(ByteBuffer buffer) throws IOException {
            int filled = super.fill(buffer);
            if (filled > 0 && expires) {
                expires = false;
                expire();
            }
            return filled;
        }

        void expire() {
            onIdleExpired(new TimeoutException("now"));
        }
    }

    private Meeting meeting() {
        Meeting endPoint = new Meeting();
        endPoint.setGrowOutput(true);
        endPoint.setConnection(new ClientConnection(new HttpConfiguration(), connector, endPoint));
        endPoint.onOpen();
        endPoint.getConnection().onOpen();
        return endPoint;
    }

    @Test
    void requestThatIsJustBeingReadIsAnswered() {
        Meeting endPoint = meeting();
        endPoint.expires = true;
        endPoint.addInputAndExecute(REQUEST);
        await().untilAsserted(() -> assertThat(endPoint.getOutputString())
                .startsWith(HttpVersion.HTTP_1_1 + " 200 ")
                .endsWith("ok"));
        assertThat(endPoint.isOpen()).isTrue();
        assertThat(endPoint.isOutputShutdown()).isFalse();
    }

    @Test
    void requestThatHasComeAndIsNotReadYetIsAnswered() throws Exception {
        try (RawClient client = new RawClient(connector.getLocalPort())) {
            assertThat(client.send(REQUEST).answer().text()).isEqualTo("ok");
            EndPoint endPoint = connector.getConnectedEndPoints().iterator().next();
            CountDownLatch stands = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            connector
                    .getSelectorManager()
                    .getBeans(ManagedSelector.class)
                    .forEach(selector -> selector.submit(key -> {
                        stands.countDown();
                        awaitSoon(go);
                    }));
            awaitSoon(stands);
            client.send(REQUEST);
            await().until(() -> unread(endPoint) == REQUEST.length());
            // Far less than it has been silent for: looked at now.
            endPoint.setIdleTimeout(1);
            endPoint.setIdleTimeout(60_000);
            go.countDown();
            assertThat(client.answer().text()).isEqualTo("ok");
        }
    }

    private static int unread(EndPoint endPoint) throws IOException {
        return ((SocketChannelEndPoint) endPoint)
                .getChannel()
                .socket()
                .getInputStream()
                .available();
    }

    private static void awaitSoon(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void idleConnectionIsClosedInTwoSteps() throws Exception {
        Meeting endPoint = meeting();
        endPoint.expire();
        assertThat(endPoint.isOutputShutdown()).isTrue();
        // What comes after the end is not answered, and not served either.
        endPoint.addInputAndExecute(REQUEST);
        await().until(() -> !endPoint.hasMore());
        endPoint.expire();
        await().until(() -> !endPoint.isOpen());
        assertThat(endPoint.getOutputString()).isEmpty();
    }

    /** Should the connection ever be left with nobody who reads: the second time there is no race to think of. */
    @Test
    void connectionThatNobodyReadsIsClosedTheSecondTime() {
        Meeting endPoint = new Meeting();
        endPoint.setConnection(new ClientConnection(new HttpConfiguration(), connector, endPoint));
        endPoint.expire();
        assertThat(endPoint.isOpen()).isTrue();
        endPoint.expire();
        assertThat(endPoint.isOpen()).isFalse();
    }
}
