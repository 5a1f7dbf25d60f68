/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.TlsInfo;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLSession;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS between the client and the router as servlets see it: the environments derive cipher suite, key size, session id and
 * certificates from it. Comes from the typed head only (P-6.5). Certificates are parsed when somebody asks. Thread-safe.
 */
final class ClientTls implements EndPoint.SslSessionData {

    private static final Logger LOG = LoggerFactory.getLogger(ClientTls.class);

    private final @Nullable TlsInfo tls;
    private final List<byte[]> encoded;
    private X509Certificate @Nullable [] certificates;

    ClientTls(@Nullable TlsInfo tls, List<byte[]> encoded) {
        this.tls = tls;
        this.encoded = encoded;
    }

    /** None: the session lives on the router. */
    @Override
    public @Nullable SSLSession sslSession() {
        return null;
    }

    @Override
    public @Nullable String sslSessionId() {
        return tls == null || tls.sessionId().isEmpty() ? null : tls.sessionId();
    }

    @Override
    public @Nullable String cipherSuite() {
        return tls == null ? null : tls.cipherSuite();
    }

    @Override
    public int keySize() {
        return tls == null ? 0 : tls.keyBits();
    }

    /** Leaf first; null when the client showed none, or what came is no certificate. */
    @Override
    public synchronized X509Certificate @Nullable [] peerCertificates() {
        if (certificates == null && !encoded.isEmpty()) {
            certificates = parse();
        }
        return certificates == null || certificates.length == 0 ? null : certificates.clone();
    }

    private X509Certificate[] parse() {
        X509Certificate[] chain = new X509Certificate[encoded.size()];
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (int i = 0; i < chain.length; i++) {
                chain[i] = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(encoded.get(i)));
            }
            return chain;
        } catch (CertificateException | ClassCastException e) {
            LOG.warn("The router passed a client certificate that does not parse; the application sees none", e);
            return new X509Certificate[0];
        }
    }
}
