/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** TLS of clients whose decrypted octets {@link Http2Names} sees. */
final class SecureConnectionFactory extends SslConnectionFactory {

    SecureConnectionFactory(SslContextFactory.Server contexts, String nextProtocol) {
        super(contexts, nextProtocol);
    }

    @Override
    protected SslConnection newSslConnection(Connector connector, EndPoint endPoint, SSLEngine engine) {
        return new SslConnection(
                connector.getByteBufferPool(),
                connector.getExecutor(),
                getSslContextFactory(),
                endPoint,
                engine,
                isDirectBuffersForEncryption(),
                isDirectBuffersForDecryption()) {
            @Override
            protected SslEndPoint newSslEndPoint() {
                return new Decrypted(this);
            }
        };
    }

    private static final class Decrypted extends SslConnection.SslEndPoint implements Http2Names.Reader {
        private final Http2Names names = new Http2Names();

        Decrypted(SslConnection connection) {
            connection.super();
        }

        @Override
        public Http2Names names() {
            return names;
        }

        @Override
        public int fill(ByteBuffer buffer) throws IOException {
            int filled = super.fill(buffer);
            names.filled(buffer, filled);
            return filled;
        }
    }
}
