/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.io.EOFException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.api.server.ServerSessionListener;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2 of clients, with and without TLS. Jetty answers a second head that does not end its stream (RFC 9113 section
 * 8.1) by closing the connection, but then shows the request's body as complete; here it fails. Whoever sends a
 * pseudo-field that is none is refused with his connection, see {@link Http2Names}.
 */
final class ClientHttp2 {

    private ClientHttp2() {}

    /**
     * By prior knowledge. The upgrade from HTTP/1.1, which RFC 9113 has dropped and proxies before us may overlook, is left
     * alone: such a request is answered by HTTP/1.1.
     */
    static final class Clear extends HTTP2CServerConnectionFactory {

        Clear(HttpConfiguration configuration) {
            super(configuration);
        }

        @Override
        public @Nullable Connection upgradeConnection(
                Connector connector, EndPoint endPoint, MetaData.Request request, HttpFields.Mutable response) {
            // Jetty asks for the preface of HTTP/2 as well.
            return request.getHttpVersion() == HttpVersion.HTTP_2
                    ? super.upgradeConnection(connector, endPoint, request, response)
                    : null;
        }

        @Override
        protected ServerSessionListener newSessionListener(Connector connector, EndPoint endPoint) {
            return new Secure.Listener(this, endPoint);
        }
    }

    /** By ALPN. */
    static final class Secure extends HTTP2ServerConnectionFactory {

        Secure(HttpConfiguration configuration) {
            super(configuration);
        }

        @Override
        protected ServerSessionListener newSessionListener(Connector connector, EndPoint endPoint) {
            return new Listener(this, endPoint);
        }

        /** Of both. */
        private static final class Listener extends HTTPServerSessionListener {

            /** Null for a connection that is none of the router's ports: then nothing is known of what it has sent. */
            private final @Nullable Http2Names names;

            Listener(HTTP2ServerConnectionFactory factory, EndPoint endPoint) {
                factory.super(endPoint);
                names = endPoint instanceof Http2Names.Reader reader ? reader.names() : null;
            }

            @Override
            public Stream.Listener onNewStream(Stream stream, HeadersFrame frame) {
                if (names == null || names.malformed(stream.getId())) {
                    stream.getSession().close(ErrorCode.PROTOCOL_ERROR.code, "pseudo-field", Callback.NOOP);
                    return AUTO_DISCARD;
                }
                return super.onNewStream(stream, frame);
            }

            @Override
            public void onHeaders(Stream stream, HeadersFrame frame) {
                if (!frame.isEndStream()) {
                    String reason = "trailers that are not the end";
                    onFailure(stream, ErrorCode.PROTOCOL_ERROR.code, reason, new EOFException(reason), Callback.NOOP);
                }
                super.onHeaders(stream, frame);
            }
        }
    }
}
