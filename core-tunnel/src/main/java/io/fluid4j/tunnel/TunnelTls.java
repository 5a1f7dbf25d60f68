/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** TLS of tunnels from PEM or PKCS12 files, reloaded when they change. Thread-safe. */
public final class TunnelTls implements AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(TunnelTls.class.getName());

    private final SslContextFactory factory;
    private final Files files;
    private final Object lock = new Object();
    private TlsFiles.Stamp stamp; // Guarded by lock.
    private volatile boolean closed;

    private TunnelTls(SslContextFactory factory, Files files) {
        this.factory = factory;
        this.files = files;
        this.stamp = TlsFiles.stamp(files);
        try {
            TlsFiles.load(files, factory);
            factory.setIncludeProtocols("TLSv1.3", "TLSv1.2"); // P-1.2
            factory.start();
        } catch (Exception e) {
            throw new IllegalArgumentException("TLS of the tunnels cannot be set up from " + files + ": " + e, e);
        }
    }

    /**
     * Where key, certificates and trust come from. Immutable. A file whose first octets are {@code -----BEGIN} is PEM,
     * any other PKCS12.
     *
     * @param certificate own certificate chain (PEM), or a PKCS12 store with chain and key; null for none
     * @param key own private key (PEM, PKCS8); null when the PKCS12 store has it
     * @param trust certificates to trust (PEM or PKCS12); null for those of the JVM
     * @param password of the PKCS12 stores; null when there are none
     */
    public record Files(
            @Nullable Path certificate,
            @Nullable Path key,
            @Nullable Path trust,
            @Nullable String password) {

        /** The files, without the password. */
        @Override
        public String toString() {
            return "certificate " + certificate + ", key " + key + ", trust " + trust;
        }
    }

    /**
     * Trust, and the certificate if there is one, of an end that dials. The peer's certificate must fit its name.
     *
     * @throws IllegalArgumentException when a file does not load
     */
    public static TunnelTls client(Files files) {
        SslContextFactory.Client client = new SslContextFactory.Client();
        client.setEndpointIdentificationAlgorithm("HTTPS");
        return new TunnelTls(client, files);
    }

    /**
     * Certificate of an end that accepts; a client certificate is asked for when there is trust.
     *
     * @throws IllegalArgumentException when a file does not load, or there is no certificate
     */
    public static TunnelTls server(Files files) {
        if (files.certificate() == null) {
            throw new IllegalArgumentException("an end that accepts tunnels by TLS needs a certificate");
        }
        SslContextFactory.Server server = new SslContextFactory.Server();
        server.setWantClientAuth(files.trust() != null);
        return new TunnelTls(server, files);
    }

    /** The started factory of {@link #client}. */
    public SslContextFactory.Client clientFactory() {
        return (SslContextFactory.Client) factory;
    }

    /** The started factory of {@link #server}. */
    public SslContextFactory.Server serverFactory() {
        return (SslContextFactory.Server) factory;
    }

    /** Looks for changed files every interval; what does not load is logged, and the old state stays. */
    public TunnelTls watch(Scheduler scheduler, Duration interval) {
        requireNonNull(scheduler, "scheduler")
                .schedule(
                        () -> {
                            if (!closed) {
                                reloadIfChanged();
                                watch(scheduler, interval);
                            }
                        },
                        interval.toMillis(),
                        TimeUnit.MILLISECONDS);
        return this;
    }

    /** Looks for changed files now; true when they were loaded anew. */
    public boolean reloadIfChanged() {
        synchronized (lock) {
            TlsFiles.Stamp now = TlsFiles.stamp(files);
            if (now.equals(stamp)) {
                return false;
            }
            try {
                TlsFiles.check(files);
                factory.reload(running -> {
                    try {
                        TlsFiles.load(files, running);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
                stamp = now;
            } catch (Exception e) {
                LOGGER.log(WARNING, "changed TLS files do not load, the old ones stay: " + files, e);
                return false;
            }
        }
        LOGGER.log(INFO, "TLS loaded anew: {0}", files);
        return true;
    }

    /** Watches no more. Connections that stand are not touched. */
    @Override
    public void close() {
        closed = true;
    }

    /** The octets of a file, for {@link TlsFiles}. */
    static byte[] read(Path path) throws IOException {
        return java.nio.file.Files.readAllBytes(path);
    }
}
