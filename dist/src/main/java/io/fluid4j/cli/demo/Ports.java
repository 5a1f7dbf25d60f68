/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports on loopback that nobody uses at the moment. */
final class Ports {

    private Ports() {}

    /** The wanted one when it is free, else any. */
    static int free(int wanted) throws IOException {
        try {
            return bind(wanted);
        } catch (IOException taken) {
            return bind(0);
        }
    }

    private static int bind(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return socket.getLocalPort();
        }
    }
}
