/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.Hello;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tunnels over TLS: P-1.2, P-4.5. */
@Timeout(90)
final class TlsTest {

    private static final String PASSWORD = "changeit";

    @TempDir
    static Path folder;

    private static Identity router;
    private static Identity instance;

    /** A key with a self-signed certificate, as PKCS12 and as PEM. */
    private record Identity(Path store, Path certificate, Path key) {}

    @BeforeAll
    static void makeKeys() throws Exception {
        router = identity("router", "CN=localhost");
        instance = identity("instance", "CN=instance-1");
    }

    @Test
    void exchangesRunOverTls() {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            stream.started();
            stream.send(Tunnels.ok(3_000_000), ByteBuffer.allocate(3_000_000), true, null, Callback.NOOP);
            stream.completed(null);
            return new Tunnels.Request();
        });
        try (TunnelTls client = TunnelTls.client(new TunnelTls.Files(null, null, router.certificate(), null));
                TunnelTls server = TunnelTls.server(pem(router, null));
                Tunnels tunnels = setup.tls(client.clientFactory(), server.serverFactory())
                        .open()) {
            Session session = tunnels.requester();
            assertThat(session.secure()).isTrue();
            for (int i = 0; i < 5; i++) {
                Tunnels.Response response = new Tunnels.Response();
                response.keep = false;
                session.open(Tunnels.get("/"), true, response);
                assertThat(response.done().received).isEqualTo(3_000_000);
            }
            until("slots are free", () -> session.streamsInFlight() == 0);
            StreamingTest.assertNothingLeaks(tunnels, session);
        }
    }

    @Test
    void p4_5_aClientCertificateStandsInForASecret() {
        Authenticator byCertificate = new Authenticator() {
            @Override
            public List<Secret> secrets() {
                return List.of();
            }

            @Override
            public boolean acceptsCertificates() {
                return true;
            }

            @Override
            public Decision decide(Secret proved, Hello hello) {
                return Decision.UNAUTHENTICATED;
            }

            @Override
            public Decision decide(X509Certificate verified, Hello hello) {
                boolean known = verified.getSubjectX500Principal().getName().equals("CN=instance-1");
                return known ? Decision.ALLOWED : Decision.UNAUTHORIZED;
            }
        };
        Tunnels.Setup setup = Tunnels.with((stream, head) -> null)
                .authenticator(byCertificate)
                .secret(null);
        TunnelTls.Files clientFiles = new TunnelTls.Files(instance.store(), null, router.certificate(), PASSWORD);
        try (TunnelTls client = TunnelTls.client(clientFiles);
                TunnelTls server = TunnelTls.server(pem(router, instance.certificate()));
                Tunnels tunnels = setup.tls(client.clientFactory(), server.serverFactory())
                        .open()) {
            assertThat(tunnels.requester().secure()).isTrue();
        }
        // Without a certificate there is nothing that could stand in.
        try (TunnelTls client = TunnelTls.client(new TunnelTls.Files(null, null, router.certificate(), null));
                TunnelTls server = TunnelTls.server(pem(router, instance.certificate()));
                Tunnels tunnels = setup.tls(client.clientFactory(), server.serverFactory())
                        .open()) {
            until("refused", () -> tunnels.acceptor.refused() >= 1);
            assertThat(tunnels.dialler.session()).isEmpty();
        }
    }

    @Test
    void p1_2_aCertificateThatDoesNotVerifyIsRefused() {
        Tunnels.Setup setup = Tunnels.with((stream, head) -> null);
        try (TunnelTls client = TunnelTls.client(new TunnelTls.Files(null, null, instance.certificate(), null));
                TunnelTls server = TunnelTls.server(pem(router, null));
                Tunnels tunnels = setup.tls(client.clientFactory(), server.serverFactory())
                        .open()) {
            until("refused twice", () -> tunnels.acceptor.refused() >= 2);
            assertThat(tunnels.dialler.session()).isEmpty();
            assertThat(tunnels.requesterSessions).isEmpty();
        }
    }

    @Test
    void changedFilesAreLoadedAndBrokenOnesAreNot() throws Exception {
        Path certificate = folder.resolve("live-cert.pem");
        Path key = folder.resolve("live-key.pem");
        Files.copy(router.certificate(), certificate);
        Files.copy(router.key(), key);
        try (TunnelTls server = TunnelTls.server(new TunnelTls.Files(certificate, key, null, null))) {
            assertThat(server.reloadIfChanged()).isFalse();
            Files.writeString(certificate, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
            touch(certificate, 10);
            assertThat(server.reloadIfChanged()).isFalse();
            assertThat(server.serverFactory().newSSLEngine()).isNotNull();
            Files.writeString(certificate, Files.readString(instance.certificate()));
            Files.writeString(key, Files.readString(instance.key()));
            touch(certificate, 20);
            touch(key, 20);
            assertThat(server.reloadIfChanged()).isTrue();
            KeyStore loaded = server.serverFactory().getKeyStore();
            X509Certificate now = (X509Certificate) loaded.getCertificate("tunnel");
            assertThat(now.getSubjectX500Principal().getName()).isEqualTo("CN=instance-1");
            assertThat(server.serverFactory().isRunning()).isTrue();
        }
    }

    @Test
    void filesThatDoNotLoadAreNamed() {
        assertThatThrownBy(() -> TunnelTls.server(new TunnelTls.Files(router.certificate(), null, null, null)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("PKCS8")
                .hasMessageContaining("router.pem");
        assertThatThrownBy(() -> TunnelTls.server(new TunnelTls.Files(null, null, null, null)))
                .hasMessageContaining("certificate");
    }

    private static TunnelTls.Files pem(Identity identity, Path trust) {
        return new TunnelTls.Files(identity.certificate(), identity.key(), trust, null);
    }

    private static void touch(Path path, int secondsLater) throws Exception {
        FileTime then = FileTime.fromMillis(Files.getLastModifiedTime(path).toMillis() + secondsLater * 1000L);
        Files.setLastModifiedTime(path, then);
    }

    private static Identity identity(String name, String subject) throws Exception {
        Path store = folder.resolve(name + ".p12");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process process = new ProcessBuilder(
                        keytool,
                        "-genkeypair",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-dname",
                        subject,
                        "-validity",
                        "30",
                        "-ext",
                        "SAN=dns:localhost,ip:127.0.0.1")
                .redirectErrorStream(true)
                .start();
        process.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        Path certificate = folder.resolve(name + ".pem");
        Path key = folder.resolve(name + "-key.pem");
        Files.writeString(
                certificate, pemText("CERTIFICATE", keys.getCertificate(name).getEncoded()));
        Files.writeString(
                key,
                pemText("PRIVATE KEY", keys.getKey(name, PASSWORD.toCharArray()).getEncoded()));
        return new Identity(store, certificate, key);
    }

    private static String pemText(String what, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----\n";
    }
}
