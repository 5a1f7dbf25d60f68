/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.junit.jupiter.api.Test;

final class RouterConnectorTest {

    /** More than Java's own 50, fewer than any system's limit. */
    private static final int BURST = 120;

    private static final int CONNECT_MILLIS = 10_000;

    @Test
    void aBurstOfConnectionsWaitsToBeAccepted() throws Exception {
        List<Socket> clients = new ArrayList<>();
        Offenders offenders = new Offenders(0, address -> false, NanoClock.SYSTEM, new RouterMetrics());
        RouterConnector connector =
                new RouterConnector(new Server(), offenders, 1, true, null, null, new HttpConnectionFactory());
        connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
        try {
            connector.open(); // and nobody accepts
            for (int i = 0; i < BURST; i++) {
                Socket client = new Socket();
                clients.add(client);
                client.connect(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), connector.getLocalPort()),
                        CONNECT_MILLIS);
            }
            assertThat(clients).allMatch(Socket::isConnected);
        } finally {
            for (Socket client : clients) {
                client.close();
            }
            connector.close();
        }
    }
}
