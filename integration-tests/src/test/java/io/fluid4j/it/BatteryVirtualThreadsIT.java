/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Servers that run applications on virtual threads: by {@code useVirtualThreads} in Tomcat, by the module
 * {@code threadpool-virtual} in Jetty. They run on a newer Java than the tests may.
 */
@ExtendWith(BatteryVirtualThreadsIT.Servers.class)
class BatteryVirtualThreadsIT extends Battery {

    @BeforeEach
    void thereIsAJavaWithVirtualThreads() {
        assumeThat(Build.javaWithVirtualThreads())
                .as("no Java 21 or newer beside the one of the tests; name one with -Dfluid.test.java")
                .isNotNull();
    }

    @Override
    Fleet fleet() {
        return Servers.fleet;
    }

    @Test
    void applicationRunsOnVirtualThreads() throws IOException {
        assertThat(get("/info").value("virtualThread")).isEqualTo("true");
        Response response = get("/fluid");
        assertThat(response.value("active")).isEqualTo(Boolean.toString(tunnelled()));
        if (tunnelled()) {
            assertThat(response.value("requestId")).isEqualTo(response.first("fluid-request-id"));
        }
    }

    @Test
    void virtualThreadsReadAndWriteInTurns() throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", "/echo", "Transfer-Encoding: chunked"));
            client.sendChunk("turn 0\n");
            client.readHead("POST");
            assertThat(client.readUntil("\n")).isEqualTo("turn 0\n");
            for (int i = 1; i < 4; i++) {
                client.sendChunk("turn " + i + "\n");
                assertThat(client.readUntil("\n")).isEqualTo("turn " + i + "\n");
            }
            client.send("0\r\n\r\n");
            client.readBody();
        }
    }

    @Test
    void nonBlockingStreamsWorkBesideVirtualThreads() throws IOException {
        byte[] body = new byte[1_000_000];
        com.example.battery.Pattern.fill(body, body.length, 0);
        assertThat(post("/nonBlockingEcho", "application/octet-stream", body).body())
                .isEqualTo(body);
        assertThat(get("/async/dispatch").text()).isEqualTo("dispatched a foreign thread");
        assertThat(get("/async/start").text()).isEqualTo("started");
    }

    @Test
    void manyBlockedVirtualThreadsDoNotDelayOthers() throws IOException {
        String key = freshKey();
        RawClient[] blocked = new RawClient[50];
        try {
            for (int i = 0; i < blocked.length; i++) {
                blocked[i] = connect();
                blocked[i].send(head("POST", "/echo", "Content-Length: 3"));
            }
            assertThat(get("/response/plain").text()).isEqualTo("plain");
            for (RawClient client : blocked) {
                client.send(key.substring(0, 3).getBytes(StandardCharsets.US_ASCII));
                assertThat(client.readResponse("POST").text()).isEqualTo(key.substring(0, 3));
            }
        } finally {
            for (RawClient client : blocked) {
                if (client != null) {
                    client.close();
                }
            }
        }
    }

    @Test
    void blockedVirtualThreadLearnsThatTheClientHasGone() throws IOException {
        String writer = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/cancel/blockingWriter?key=" + writer));
            client.readHead("GET");
            client.readSome();
            client.reset();
        }
        assertThat(awaitWord(writer)).isEqualTo("IOException");
        String reader = freshKey();
        try (RawClient client = connect()) {
            client.send(head("POST", "/cancel/blockedReader?key=" + reader, "Content-Length: 1000") + "the beginning");
            assertThat(awaitWord(reader + ".started")).isEqualTo("started");
            client.reset();
        }
        assertThat(awaitWord(reader)).isEqualTo("IOException");
    }

    /** Ends its servers with the class: nothing else uses them. */
    static final class Servers implements BeforeAllCallback {

        private static volatile Fleet fleet;

        @Override
        public void beforeAll(ExtensionContext context) {
            Path java = Build.javaWithVirtualThreads();
            if (java != null && fleet == null) {
                Fleet made = Fleet.onVirtualThreads(java);
                context.getStore(ExtensionContext.Namespace.create(Servers.class))
                        .put("fleet", made);
                fleet = made;
            }
        }
    }
}
