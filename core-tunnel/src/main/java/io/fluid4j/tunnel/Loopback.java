/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Where a tunnel may do without TLS: between two ends on the loopback interface (P-1.2). */
final class Loopback {

    private Loopback() {}

    /** True when that address is loopback; the wildcard address is not. */
    static boolean is(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        return ip != null && ip.isLoopbackAddress();
    }

    /** True when that host certainly means this machine: a literal loopback address, or localhost. */
    static boolean names(String host) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        if (bare.equalsIgnoreCase("localhost")) {
            return true;
        }
        boolean literal =
                bare.indexOf(':') >= 0 || (!bare.isEmpty() && bare.chars().allMatch(Loopback::ipv4));
        if (!literal) {
            return false; // No look-up: a name may point elsewhere tomorrow.
        }
        try {
            return InetAddress.getByName(bare).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static boolean ipv4(int c) {
        return c == '.' || (c >= '0' && c <= '9');
    }
}
