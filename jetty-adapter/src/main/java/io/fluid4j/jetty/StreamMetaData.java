/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.RequestHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.util.Attributes;
import org.jspecify.annotations.Nullable;

/**
 * What Jetty regards as the connection of a request: here one object per channel, pooled with it, because the client's
 * addresses and scheme differ from stream to stream. Bound to one stream at a time by the thread that runs it.
 */
final class StreamMetaData extends Attributes.Lazy implements ConnectionMetaData {

    /** What P-5.20 calls family 0, spelled as RFC 7239 spells it. */
    private static final String UNKNOWN_HOST = "unknown";

    private final FluidConnector connector;
    private final HttpConfiguration httpConfiguration;
    private @Nullable HttpStreamOverTunnel stream;
    private @Nullable SocketAddress remote;
    private @Nullable SocketAddress local;

    StreamMetaData(FluidConnector connector, HttpConfiguration httpConfiguration) {
        this.connector = connector;
        this.httpConfiguration = httpConfiguration;
    }

    void bind(HttpStreamOverTunnel bound) {
        stream = bound;
    }

    /** Forgets everything of the stream, attributes included: the next one may be another client's. */
    void unbind() {
        stream = null;
        remote = null;
        local = null;
        clearAttributes();
    }

    HttpStreamOverTunnel stream() {
        return requireNonNull(stream, "stream");
    }

    @Override
    public String getId() {
        return stream().sessionName();
    }

    @Override
    public HttpConfiguration getHttpConfiguration() {
        return httpConfiguration;
    }

    /** Jetty derives what a request may do from it (trailers, {@code getProtocol()}); the client's may be any. */
    @Override
    public HttpVersion getHttpVersion() {
        return HttpVersion.HTTP_1_1;
    }

    @Override
    public String getProtocol() {
        return HttpVersion.HTTP_1_1.asString();
    }

    @Override
    public Connection getConnection() {
        return connector.placeholder();
    }

    @Override
    public Connector getConnector() {
        return connector;
    }

    @Override
    public boolean isPersistent() {
        return true;
    }

    @Override
    public boolean isSecure() {
        return stream().secure();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        SocketAddress known = remote;
        if (known == null) {
            RequestHead head = stream().head();
            known = address(head.remote(), head.remotePort());
            remote = known;
        }
        return known;
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        SocketAddress known = local;
        if (known == null) {
            RequestHead head = stream().head();
            known = address(head.local(), head.localPort());
            local = known;
        }
        return known;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    private static SocketAddress address(@Nullable InetAddress host, int port) {
        return host != null
                ? new InetSocketAddress(host, port)
                : InetSocketAddress.createUnresolved(UNKNOWN_HOST, port);
    }
}
