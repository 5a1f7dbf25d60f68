/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import io.fluid4j.testkit.WirePeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** The scripted router that a server under test dials. */
final class RouterPeer implements AutoCloseable {
    static final String SECRET = "a secret of the tests, 32 octets";
    static final String FUNCTION = "probe";

    /** Admission that a slow machine does not trip: these tests are about the container. */
    static final Map<String, String> PATIENT = Map.of(
            "fluid.max-concurrency", "5000",
            "fluid.admission.queue-delay", "60s",
            "fluid.admission.scheduler-lag", "off",
            "fluid.admission.cpu-throttled", "off",
            "fluid.admission.gc-time", "off",
            "fluid.admission.memory", "off",
            "fluid.admission.errors", "off",
            "fluid.admission.timeouts", "off");

    private static final Duration START_DEADLINE = Duration.ofSeconds(90);
    /** Longer than the application under test waits for an event, so that its answer tells what was missing. */
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final ServerSocket socket;
    private String hello = "";

    RouterPeer() throws IOException {
        socket = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        socket.setSoTimeout((int) START_DEADLINE.toMillis());
    }

    String url() {
        return "tcp://127.0.0.1:" + socket.getLocalPort();
    }

    /** Waits until the server has dialled in and proved itself. */
    WirePeer accept() throws IOException {
        WirePeer peer = WirePeer.over(socket.accept()).deadline(DEADLINE);
        hello = new String(peer.handshakeAsAcceptor(SECRET).payload(), StandardCharsets.ISO_8859_1);
        return peer;
    }

    /** The HELLO of the server that was accepted last: an octet a character, texts among them. */
    String hello() {
        return hello;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
