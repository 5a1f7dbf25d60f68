/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.resolve;

import io.fluid4j.spi.config.CommonKeys;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.Locale;

/** Finds out how others reach this router, when the configuration does not say. */
public final class Advertised {

    private Advertised() {}

    /**
     * The address that a router registers.
     *
     * @param config its configuration
     * @param router its name
     * @param clientPort the bound port for clients
     * @param tunnelPort the bound port for instances
     * @return what is advertised; for what is not set, the address that is bound, or that of this machine
     * @throws IllegalArgumentException when what is set is no address
     */
    public static RouterAddress of(Config config, String router, int clientPort, int tunnelPort) {
        boolean tls = config.find(CommonKeys.TLS_CERTIFICATE).isPresent()
                || config.find(CommonKeys.TLS_KEYSTORE).isPresent();
        String http = config.find(RouterKeys.ADVERTISE_HTTP)
                .orElseGet(() -> host(config.get(RouterKeys.HTTP_BIND)) + ":" + clientPort);
        String tunnel = config.find(RouterKeys.ADVERTISE_TUNNEL)
                .map(URI::toString)
                .orElseGet(() ->
                        (tls ? "tls://" : "tcp://") + host(config.get(RouterKeys.TUNNEL_BIND)) + ":" + tunnelPort);
        return new RouterAddress(router, http, tunnel, config.get(CommonKeys.REGION), config.get(CommonKeys.ZONE));
    }

    /** An address rather than a name where it can be had: then DNS answers with addresses, too. */
    static String host(String bind) {
        if (bind.toLowerCase(Locale.ROOT).equals("localhost")) {
            return "127.0.0.1";
        }
        boolean everywhere = bind.equals("0.0.0.0") || bind.matches("\\[?[0:]+\\]?");
        if (!everywhere) {
            return bind.indexOf(':') >= 0 && !bind.startsWith("[") ? "[" + bind + "]" : bind;
        }
        InetAddress machine = machine();
        return machine instanceof Inet4Address ? machine.getHostAddress() : "[" + withoutScope(machine) + "]";
    }

    private static InetAddress machine() {
        try {
            InetAddress named = InetAddress.getLocalHost();
            if (!named.isLoopbackAddress()) {
                return named;
            }
            for (NetworkInterface one : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                for (InetAddress address : Collections.list(one.getInetAddresses())) {
                    if (address instanceof Inet4Address && !address.isLoopbackAddress() && one.isUp()) {
                        return address;
                    }
                }
            }
        } catch (UnknownHostException | SocketException e) {
            // A machine without a name or a network: only it can reach itself.
        }
        return InetAddress.getLoopbackAddress();
    }

    private static String withoutScope(InetAddress address) {
        String text = address.getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 ? text : text.substring(0, scope);
    }
}
