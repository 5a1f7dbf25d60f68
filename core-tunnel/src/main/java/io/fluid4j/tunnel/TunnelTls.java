/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.nio.file.Path;
import java.time.Duration;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** TLS of tunnels from PEM or PKCS12 files, reloaded when they change. Thread-safe. */
@SuppressWarnings("DoNotCallSuggester")
public final class TunnelTls implements AutoCloseable {

    private TunnelTls() {}

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
            @Nullable String password) {}

    /** Trust, and the certificate if there is one, of an end that dials. The peer's certificate must fit its name. */
    public static TunnelTls client(Files files) {
        throw new UnsupportedOperationException();
    }

    /** Certificate of an end that accepts; a client certificate is asked for when there is trust. */
    public static TunnelTls server(Files files) {
        throw new UnsupportedOperationException();
    }

    /** The started factory of {@link #client}. */
    public SslContextFactory.Client clientFactory() {
        throw new UnsupportedOperationException();
    }

    /** The started factory of {@link #server}. */
    public SslContextFactory.Server serverFactory() {
        throw new UnsupportedOperationException();
    }

    /** Looks for changed files every interval; what does not load is logged, and the old state stays. */
    public TunnelTls watch(Scheduler scheduler, Duration interval) {
        throw new UnsupportedOperationException();
    }

    /** Looks for changed files now; true when they were loaded anew. */
    public boolean reloadIfChanged() {
        throw new UnsupportedOperationException();
    }

    /** Watches no more. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
