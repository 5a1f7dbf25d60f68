/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import java.util.regex.Pattern;

/**
 * A router and how it is reached. Immutable.
 *
 * @param router name of the router in the fleet: 1 to 253 of {@code a-z 0-9 . -}
 * @param http where clients reach it: {@code host:port}
 * @param tunnel where instances dial it: {@code tcp://host:port} or {@code tls://host:port}
 * @param region where it runs: the wider place
 * @param zone where it runs: the narrower place
 */
public record RouterAddress(String router, String http, String tunnel, String region, String zone) {

    private static final Pattern ROUTER = Pattern.compile("[a-z0-9.-]{1,253}");
    private static final Pattern HOST_PORT =
            Pattern.compile("(\\[[0-9A-Fa-f:.]{2,45}\\]|[A-Za-z0-9._-]{1,253}):[0-9]{1,5}");
    private static final Pattern PLACE = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final int MAX_PORT = 65_535;

    /** Checks every part. */
    public RouterAddress {
        check("router", router, ROUTER, "1 to 253 of a-z, 0-9, dot, dash");
        checkHostPort("http", http, http);
        if (!tunnel.startsWith("tcp://") && !tunnel.startsWith("tls://")) {
            throw new IllegalArgumentException(
                    "tunnel \"" + tunnel + "\" (expected: tcp://host:port, tls://host:port)");
        }
        checkHostPort("tunnel", tunnel, tunnel.substring("tcp://".length()));
        check("region", region, PLACE, "1 to 64 letters, digits, dots, dashes");
        check("zone", zone, PLACE, "1 to 64 letters, digits, dots, dashes");
    }

    /** The host of {@link #http()}, without the brackets of an IPv6 address. */
    public String httpHost() {
        String host = http.substring(0, http.lastIndexOf(':'));
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** The port of {@link #http()}. */
    public int httpPort() {
        return port(http);
    }

    private static int port(String hostPort) {
        return Integer.parseInt(hostPort.substring(hostPort.lastIndexOf(':') + 1));
    }

    private static void checkHostPort(String what, String value, String hostPort) {
        check(what, hostPort, HOST_PORT, "host:port");
        int port = port(hostPort);
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException(what + " \"" + value + "\" (expected: a port of 1 to 65535)");
        }
    }

    static void check(String what, String value, Pattern allowed, String range) {
        if (!allowed.matcher(value).matches()) {
            String shown = value.length() > 80 ? value.substring(0, 80) + "..." : value;
            throw new IllegalArgumentException(what + " \"" + shown + "\" (expected: " + range + ")");
        }
    }
}
