/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.plugin;

import io.fluid4j.spi.health.HealthSignal;
import io.fluid4j.spi.health.HealthSignalProvider;
import io.fluid4j.spi.health.Reading;
import io.fluid4j.spi.health.SignalContext;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An instance whose temporary directory is nearly full takes no uploads any more: share of the file store that is used.
 * Looks every ten seconds, since a file store may be remote.
 */
final class DiskSpaceSignal implements HealthSignal {

    static final String NAME = "disk-space";
    private static final double THRESHOLD = 0.97;
    private static final long LOOK_AFTER_NANOS = 10_000_000_000L;

    private final FileStore store;
    private Reading last = Reading.unavailable("not read yet");
    private long lookedNanos;
    private boolean looked;

    private DiskSpaceSignal(FileStore store) {
        this.store = store;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public double threshold() {
        return THRESHOLD;
    }

    @Override
    public Reading read(long nowNanos) {
        if (!looked || nowNanos - lookedNanos >= LOOK_AFTER_NANOS) {
            looked = true;
            lookedNanos = nowNanos;
            last = look();
        }
        return last;
    }

    private Reading look() {
        try {
            long total = store.getTotalSpace();
            return total <= 0
                    ? Reading.unavailable("the file store does not say its size")
                    : Reading.of(1.0 - (double) store.getUsableSpace() / total);
        } catch (IOException e) {
            return Reading.unavailable(String.valueOf(e.getMessage()));
        }
    }

    /** Finds the file store of the temporary directory. */
    public static final class Provider implements HealthSignalProvider {

        /** For ServiceLoader. */
        public Provider() {}

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public HealthSignal create(SignalContext context) throws IOException {
            return new DiskSpaceSignal(Files.getFileStore(Path.of(System.getProperty("java.io.tmpdir"))));
        }
    }
}
