/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Certificates made for one test run by the JDK's keytool.
 *
 * @param folder where the files are
 */
record Certificates(Path folder) {

    static final String PASSWORD = "for this test run";
    static final String CLIENT_SUBJECT = "CN=battery-client,O=Battery";

    static Certificates make() {
        Certificates made = new Certificates(Build.work("certificates"));
        made.pair("router", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1");
        made.pair("client", CLIENT_SUBJECT);
        made.keytool("-exportcert", "-rfc", "-alias", "client", "-keystore", "client.p12", "-file", "client.pem");
        made.keytool("-exportcert", "-rfc", "-alias", "router", "-keystore", "router.p12", "-file", "router.pem");
        made.keytool("-importcert", "-noprompt", "-alias", "router", "-keystore", "trust.p12", "-file", "router.pem");
        return made;
    }

    private void pair(String name, String subject, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "-genkeypair",
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
                "-keystore",
                name + ".p12"));
        arguments.addAll(List.of(more));
        keytool(arguments.toArray(String[]::new));
    }

    private void keytool(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Build.java().resolveSibling("keytool").toString());
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
        ServerProcess.run("keytool", command, folder, Map.of(), folder.resolve("keytool.log"));
    }

    /** Lines for a router with HTTPS that asks clients for a certificate and does not insist. */
    String routerProperties() {
        return "fluid.router.https.port=0\nfluid.router.https.keystore=" + folder.resolve("router.p12")
                + "\nfluid.router.https.keystore-password=" + PASSWORD
                + "\nfluid.router.https.client-trust=" + folder.resolve("client.pem") + "\n";
    }

    /** For a client that trusts the router, with or without a certificate of its own. */
    SSLContext client(boolean withCertificate) {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store("trust.p12"));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store("client.p12"), PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(withCertificate ? keys.getKeyManagers() : null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyStore store(String file) throws GeneralSecurityException {
        try (InputStream in = Files.newInputStream(folder.resolve(file))) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, PASSWORD.toCharArray());
            return store;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
