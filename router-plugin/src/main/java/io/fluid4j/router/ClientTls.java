/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.TlsInfo;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLSession;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.jspecify.annotations.Nullable;

/**
 * TLS data and verified certificates of a client's connection, as they travel in a request head (PROTOCOL.md P-5.20).
 * Made once for each TLS session and kept with it. Immutable.
 */
record ClientTls(TlsInfo info, List<byte[]> certificates) {

    private static final String KEPT_AS = ClientTls.class.getName();
    /** An extension has at most 65,535 octets; a longer chain is cut after its leaf. */
    private static final int MAX_CHAIN_BYTES = 60_000;

    /** Of this connection; null when it is not TLS. */
    static @Nullable ClientTls of(ConnectionMetaData connection) {
        EndPoint endPoint = connection.getConnection().getEndPoint();
        EndPoint.SslSessionData data = endPoint == null ? null : endPoint.getSslSessionData();
        SSLSession session = data == null ? null : data.sslSession();
        if (data == null || session == null) {
            return null;
        }
        if (session.getValue(KEPT_AS) instanceof ClientTls known) {
            return known;
        }
        ClientTls made = new ClientTls(
                new TlsInfo(
                        session.getProtocol(),
                        session.getCipherSuite(),
                        Math.max(0, data.keySize()),
                        HexFormat.of().formatHex(session.getId())),
                encoded(data.peerCertificates()));
        session.putValue(KEPT_AS, made);
        return made;
    }

    void write(HeadWriter head) {
        head.tls(info);
        if (!certificates.isEmpty()) {
            head.clientCertificates(certificates);
        }
    }

    private static List<byte[]> encoded(X509Certificate @Nullable [] chain) {
        List<byte[]> encoded = new ArrayList<>();
        if (chain != null) {
            int octets = 0;
            for (X509Certificate certificate : chain) {
                byte[] der = der(certificate);
                octets += der.length;
                if (octets > MAX_CHAIN_BYTES) {
                    break;
                }
                encoded.add(der);
            }
        }
        return List.copyOf(encoded);
    }

    private static byte[] der(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a verified certificate has an encoding", e);
        }
    }
}
