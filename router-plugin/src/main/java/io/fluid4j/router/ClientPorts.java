/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.tunnel.TunnelTls;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.AbstractHTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/** Makes the ports for clients: HTTP/1.1, h2c, and with a certificate HTTP/2 and HTTP/1.1 by ALPN. */
final class ClientPorts {

    /** On top of target and fields: method, version and what a head needs between them. */
    private static final int HEAD_EXTRA_BYTES = 8192;
    /** What an instance may send, P-6.1, and the router's own fields. */
    private static final int MAX_RESPONSE_HEAD_BYTES = 128 * 1024;

    private static final int RESPONSE_HEAD_BYTES = 4096;

    private ClientPorts() {}

    /**
     * The connector of the configured ports, not started.
     *
     * @param https the certificate; null without one
     * @param offenders who floods, over all ports
     * @throws IllegalArgumentException naming the key that has to be set or changed
     */
    static RouterConnector connector(
            Server server, Config config, RouterLimits limits, @Nullable TunnelTls https, Offenders offenders) {
        HttpConfiguration http = configuration(limits);
        ClientHttp2.Clear h2c = new ClientHttp2.Clear(http);
        tune(h2c, config, offenders);
        List<ConnectionFactory> factories = new ArrayList<>(List.of(new ClientConnectionFactory(http), h2c));
        OptionalInt plainPort = config.get(RouterKeys.HTTP_PORT);
        OptionalInt securePort = config.get(RouterKeys.HTTPS_PORT);
        if (plainPort.isEmpty() && securePort.isEmpty()) {
            throw new IllegalArgumentException("fluid.router.http.port and fluid.router.https.port are both off");
        }
        SslConnectionFactory secure = securePort.isEmpty() ? null : secure(http, factories, config, https, offenders);
        String host = config.get(RouterKeys.HTTP_BIND);
        int selectors = config.get(RouterKeys.SELECTORS);
        RouterConnector made = new RouterConnector(
                server,
                offenders,
                selectors > 0 ? selectors : defaultSelectors(),
                plainPort.isPresent(),
                secure,
                securePort.isEmpty() ? null : new InetSocketAddress(host, securePort.getAsInt()),
                factories.toArray(ConnectionFactory[]::new));
        made.setHost(host);
        made.setPort(plainPort.isPresent() ? plainPort.getAsInt() : securePort.getAsInt());
        made.setIdleTimeout(config.get(RouterKeys.HTTP_IDLE_TIMEOUT).toMillis());
        int most = config.get(RouterKeys.MAX_CONNECTIONS);
        if (most > 0) {
            server.addBean(new NetworkConnectionLimit(most, made));
        }
        return made;
    }

    private static HttpConfiguration configuration(RouterLimits limits) {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        // The response's own Date is passed on; one is added only when there is none.
        http.setSendDateHeader(false);
        http.setHttpCompliance(HttpCompliance.RFC7230);
        // The container decodes by its own rules; what must not pass is refused by the guard.
        http.setUriCompliance(UriCompliance.UNSAFE);
        http.setRequestHeaderSize(limits.maxTargetBytes() + limits.maxFieldBytes() + HEAD_EXTRA_BYTES);
        http.setResponseHeaderSize(RESPONSE_HEAD_BYTES);
        http.setMaxResponseHeaderSize(MAX_RESPONSE_HEAD_BYTES);
        return http;
    }

    /** TLS, then HTTP/2 or HTTP/1.1 as the client chooses by ALPN. */
    private static SslConnectionFactory secure(
            HttpConfiguration http,
            List<ConnectionFactory> factories,
            Config config,
            @Nullable TunnelTls certificate,
            Offenders offenders) {
        if (certificate == null) {
            throw new IllegalArgumentException("fluid.router.https.port needs fluid.router.https.certificate and"
                    + " fluid.router.https.key, or fluid.router.https.keystore");
        }
        ClientHttp2.Secure h2 = new ClientHttp2.Secure(http);
        tune(h2, config, offenders);
        ALPNServerConnectionFactory alpn = new ALPNServerConnectionFactory("h2", "http/1.1");
        alpn.setDefaultProtocol("http/1.1");
        SslContextFactory.Server contexts = certificate.serverFactory();
        if (config.get(RouterKeys.HTTPS_CLIENT_REQUIRED)) {
            contexts.setNeedClientAuth(true);
        }
        SslConnectionFactory secure = new SecureConnectionFactory(contexts, alpn.getProtocol());
        factories.add(secure);
        factories.add(alpn);
        factories.add(h2);
        return secure;
    }

    private static void tune(AbstractHTTP2ServerConnectionFactory factory, Config config, Offenders offenders) {
        factory.setMaxConcurrentStreams(config.get(RouterKeys.HTTP2_MAX_STREAMS));
        factory.setStreamIdleTimeout(0);
        // The router passes no CONNECT on: a browser that is not told otherwise asks for its WebSocket by HTTP/1.1.
        factory.setConnectProtocolEnabled(false);
        ClientRates.watch(factory, offenders);
    }

    /** One thread serves what two processors can bring; more selectors cost hand-offs and win from four on. */
    private static int defaultSelectors() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 4);
    }
}
