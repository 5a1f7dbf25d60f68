/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A client that goes away reaches the application, whatever it is doing. */
class BatteryCancelIT extends Battery {

    @Test
    void blockingWriterLearnsThatTheClientHasGone() throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/cancel/blockingWriter?key=" + key));
            client.readHead("GET");
            client.readSome();
            client.reset();
        }
        assertThat(awaitWord(key)).isEqualTo("IOException");
    }

    @Test
    void eventStreamWriterLearnsThatTheClientHasGone() throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/cancel/pollingWriter?key=" + key));
            client.readHead("GET");
            client.readUntil("data: 0\n\n");
            client.reset();
        }
        leave(key + ".go");
        assertThat(awaitWord(key)).isEqualTo("IOException");
    }

    @Test
    void writeListenerLearnsThatTheClientHasGone() throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/cancel/writeListener?key=" + key));
            client.readHead("GET");
            client.readSome();
            client.reset();
        }
        assertThat(awaitWord(key)).isEqualTo("WriteListener.onError");
    }

    @Test
    void readListenerLearnsThatTheClientHasGone() throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("POST", "/cancel/readListener?key=" + key, "Content-Length: 1000") + "the beginning");
            assertThat(awaitWord(key + ".started")).isEqualTo("started");
            client.reset();
        }
        assertThat(awaitWord(key)).isEqualTo("ReadListener.onError");
    }

    @Test
    void blockedReaderLearnsThatTheClientHasGone() throws IOException {
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("POST", "/cancel/blockedReader?key=" + key, "Content-Length: 1000") + "the beginning");
            assertThat(awaitWord(key + ".started")).isEqualTo("started");
            client.reset();
        }
        assertThat(awaitWord(key)).isEqualTo("IOException");
    }

    @Test
    void idleAsynchronousRequestLearnsThatTheClientHasGone() throws IOException {
        assumeThat(tunnelled())
                .as("no server looks at its own HTTP/1.1 connection while a request is idle")
                .isTrue();
        String key = freshKey();
        try (RawClient client = connect()) {
            client.send(head("GET", "/cancel/idleAsync?key=" + key));
            assertThat(awaitWord(key + ".started")).isEqualTo("started");
            client.reset();
        }
        assertThat(awaitWord(key)).isEqualTo("AsyncListener.onError");
        assertThat(awaitWord(key + ".complete")).isEqualTo("onComplete");
    }

    @Test
    void othersAreServedAfterManyCancels() throws IOException {
        for (int i = 0; i < 20; i++) {
            try (RawClient client = connect()) {
                client.send(head("GET", "/download?how=async&bytes=100000000"));
                client.readHead("GET");
                client.reset();
            }
        }
        assertThat(get("/response/plain").text()).isEqualTo("plain");
    }
}
