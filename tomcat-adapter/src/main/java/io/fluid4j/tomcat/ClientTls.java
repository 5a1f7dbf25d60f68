/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.TlsInfo;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.apache.coyote.Request;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.apache.tomcat.util.net.SSLSupport;

/** The TLS attributes of a request, from what the router says of the client's connection. Made when somebody asks. */
final class ClientTls {
    private static final Log LOG = LogFactory.getLog(ClientTls.class);

    /** Named in full: the constant is absent before Tomcat 11. */
    private static final String SECURE_PROTOCOL = "jakarta.servlet.request.secure_protocol";

    private ClientTls() {}

    static void populate(Request request, RequestHead head) {
        TlsInfo tls = head.tls();
        if (tls != null) {
            request.setAttribute(SSLSupport.CIPHER_SUITE_KEY, tls.cipherSuite());
            request.setAttribute(SSLSupport.KEY_SIZE_KEY, tls.keyBits());
            request.setAttribute(SSLSupport.PROTOCOL_VERSION_KEY, tls.protocol());
            request.setAttribute(SECURE_PROTOCOL, tls.protocol());
            if (!tls.sessionId().isEmpty()) {
                request.setAttribute(SSLSupport.SESSION_ID_KEY, tls.sessionId());
            }
        }
        List<byte[]> chain = head.clientCertificates();
        if (!chain.isEmpty()) {
            try {
                request.setAttribute(SSLSupport.CERTIFICATE_KEY, decode(chain));
            } catch (CertificateException e) {
                // Without the attribute the application sees a client without certificate, which is the safe side.
                LOG.warn("client certificate of request " + head.requestId() + " cannot be read", e);
            }
        }
    }

    private static X509Certificate[] decode(List<byte[]> chain) throws CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        X509Certificate[] certificates = new X509Certificate[chain.size()];
        for (int i = 0; i < certificates.length; i++) {
            certificates[i] = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(chain.get(i)));
        }
        return certificates;
    }
}
