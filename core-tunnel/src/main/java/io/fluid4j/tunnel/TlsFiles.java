/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/** Reads keys and certificates from PEM and PKCS12 files into the key stores that Jetty's TLS takes. */
final class TlsFiles {

    private static final String PEM_BEGIN = "-----BEGIN";
    private static final String PKCS8_BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String PKCS8_END = "-----END PRIVATE KEY-----";
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "Ed25519", "RSASSA-PSS");

    private TlsFiles() {}

    /** When the files were changed, and how long they are: enough to see that they are others now. */
    record Stamp(FileStamp certificate, FileStamp key, FileStamp trust) {}

    private record FileStamp(@Nullable FileTime time, long bytes) {}

    static Stamp stamp(TunnelTls.Files files) {
        return new Stamp(fileStamp(files.certificate()), fileStamp(files.key()), fileStamp(files.trust()));
    }

    /** Fails when the files would not load. */
    static void check(TunnelTls.Files files) throws IOException, GeneralSecurityException {
        keys(files);
        trust(files);
    }

    static void load(TunnelTls.Files files, SslContextFactory factory) throws IOException, GeneralSecurityException {
        KeyStore keys = keys(files);
        if (keys != null) {
            factory.setKeyStore(keys);
            factory.setKeyStorePassword(password(files));
        }
        KeyStore trust = trust(files);
        if (trust != null) {
            factory.setTrustStore(trust);
        }
    }

    private static @Nullable KeyStore keys(TunnelTls.Files files) throws IOException, GeneralSecurityException {
        Path path = files.certificate();
        if (path == null) {
            return null;
        }
        byte[] octets = TunnelTls.read(path);
        if (!pem(octets)) {
            return pkcs12(octets, files);
        }
        Path keyPath = files.key();
        byte[] keyOctets = keyPath == null ? octets : TunnelTls.read(keyPath);
        Certificate[] chain = certificates(octets).toArray(new Certificate[0]);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("tunnel", privateKey(keyOctets), password(files).toCharArray(), chain);
        return store;
    }

    private static @Nullable KeyStore trust(TunnelTls.Files files) throws IOException, GeneralSecurityException {
        Path path = files.trust();
        if (path == null) {
            return null;
        }
        byte[] octets = TunnelTls.read(path);
        if (!pem(octets)) {
            return pkcs12(octets, files);
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int number = 0;
        for (Certificate certificate : certificates(octets)) {
            store.setCertificateEntry("trust-" + number++, certificate);
        }
        return store;
    }

    private static Collection<? extends Certificate> certificates(byte[] pem) throws GeneralSecurityException {
        String text = new String(pem, ISO_8859_1);
        // A key may stand in the same file; the factory wants certificates alone.
        StringBuilder certificates = new StringBuilder();
        int at = text.indexOf("-----BEGIN CERTIFICATE-----");
        while (at >= 0) {
            String end = "-----END CERTIFICATE-----";
            int to = text.indexOf(end, at);
            if (to < 0) {
                break;
            }
            certificates.append(text, at, to + end.length()).append('\n');
            at = text.indexOf("-----BEGIN CERTIFICATE-----", to);
        }
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(
                        new ByteArrayInputStream(certificates.toString().getBytes(ISO_8859_1)));
    }

    private static PrivateKey privateKey(byte[] pem) throws GeneralSecurityException {
        String text = new String(pem, ISO_8859_1);
        int begin = text.indexOf(PKCS8_BEGIN);
        int end = text.indexOf(PKCS8_END);
        if (begin < 0 || end < begin) {
            throw new InvalidKeySpecException(
                    "no PKCS8 private key (expected: " + PKCS8_BEGIN + "; openssl pkcs8 -topk8 -nocrypt converts)");
        }
        byte[] octets = Base64.getMimeDecoder().decode(text.substring(begin + PKCS8_BEGIN.length(), end));
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(octets);
        InvalidKeySpecException last = new InvalidKeySpecException("no key algorithm fits");
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                last = e; // Another algorithm's key: try the next.
            }
        }
        throw last;
    }

    private static KeyStore pkcs12(byte[] octets, TunnelTls.Files files) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(octets), password(files).toCharArray());
        return store;
    }

    private static String password(TunnelTls.Files files) {
        String password = files.password();
        return password == null ? "" : password;
    }

    private static boolean pem(byte[] octets) {
        return new String(octets, 0, Math.min(octets.length, 4096), ISO_8859_1).contains(PEM_BEGIN);
    }

    private static FileStamp fileStamp(@Nullable Path path) {
        if (path == null) {
            return new FileStamp(null, 0);
        }
        try {
            return new FileStamp(Files.getLastModifiedTime(path), Files.size(path));
        } catch (IOException e) {
            // It may be in the middle of being replaced: that is a change too.
            return new FileStamp(null, -1);
        }
    }
}
