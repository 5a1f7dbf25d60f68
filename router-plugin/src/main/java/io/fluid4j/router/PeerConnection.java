/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

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

/** The client's connection to the first router, as that router has told it. Immutable but for its attributes. */
final class PeerConnection extends Attributes.Lazy implements ConnectionMetaData {

    private final int id;
    private final RequestHead head;
    private final HttpVersion version;

    PeerConnection(int id, RequestHead head) {
        this.id = id;
        this.head = head;
        this.version = switch (head.protocol()) {
            case 0x10 -> HttpVersion.HTTP_1_0;
            case 0x20 -> HttpVersion.HTTP_2;
            case 0x30 -> HttpVersion.HTTP_3;
            default -> HttpVersion.HTTP_1_1;
        };
    }

    @Override
    public String getId() {
        return Integer.toString(id);
    }

    @Override
    public HttpVersion getHttpVersion() {
        return version;
    }

    @Override
    public String getProtocol() {
        return version.asString();
    }

    @Override
    public boolean isPersistent() {
        return true;
    }

    @Override
    public boolean isSecure() {
        return head.secure();
    }

    @Override
    public @Nullable SocketAddress getRemoteSocketAddress() {
        return address(head.remote(), head.remotePort());
    }

    @Override
    public @Nullable SocketAddress getLocalSocketAddress() {
        return address(head.local(), head.localPort());
    }

    @Override
    public HttpConfiguration getHttpConfiguration() {
        throw new UnsupportedOperationException("the connection is another router's");
    }

    @Override
    public Connection getConnection() {
        throw new UnsupportedOperationException("the connection is another router's");
    }

    @Override
    public Connector getConnector() {
        throw new UnsupportedOperationException("the connection is another router's");
    }

    private static @Nullable SocketAddress address(@Nullable InetAddress address, int port) {
        return address == null ? null : new InetSocketAddress(address, port);
    }
}
