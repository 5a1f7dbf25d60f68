/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.config.Secret;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.OptionalInt;
import java.util.function.Function;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/** The admin port, on threads of its own: operators get through when clients do not, and the other way round. */
final class AdminServer implements AutoCloseable {

    private static final int MAX_THREADS = 16;
    private static final long IDLE_MILLIS = 60_000;

    private final Server server;
    private final ServerConnector connector;

    private AdminServer(InetSocketAddress address, Handler handler) {
        QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 1);
        threads.setName("fluid-router-admin");
        threads.setReservedThreads(0);
        server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        connector = new ServerConnector(server, 0, 1, new HttpConnectionFactory(http));
        connector.setHost(address.getHostString());
        connector.setPort(address.getPort());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.setHandler(handler);
    }

    /**
     * The admin server of a configuration, not started; null when it is off.
     *
     * @throws IllegalArgumentException when the port could be reached from outside without a token
     */
    static @Nullable AdminServer of(Config config, Function<@Nullable Secret, Handler> handler) {
        OptionalInt port = config.get(RouterKeys.ADMIN_PORT);
        if (port.isEmpty()) {
            return null;
        }
        String bind = config.get(RouterKeys.ADMIN_BIND);
        InetSocketAddress address = new InetSocketAddress(bind, port.getAsInt());
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("fluid.router.admin.bind: " + bind + " is not an address here");
        }
        Secret token = config.find(RouterKeys.ADMIN_TOKEN).orElse(null);
        if (token == null && !address.getAddress().isLoopbackAddress()) {
            throw new IllegalArgumentException("fluid.router.admin.bind is " + bind
                    + ": anything but loopback needs fluid.router.admin.token or fluid.router.admin.token-file");
        }
        return new AdminServer(address, handler.apply(token));
    }

    void start() throws IOException {
        try {
            server.start();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the admin port could not start", e);
        }
    }

    int port() {
        return connector.getLocalPort();
    }

    @Override
    public void close() {
        Router.stop(server);
    }
}
