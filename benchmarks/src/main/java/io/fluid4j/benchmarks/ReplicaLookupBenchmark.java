/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.benchmarks;

import io.fluid4j.resolver.client.MemoryStore;
import io.fluid4j.resolver.client.Replica;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.RouterAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a look-up inside the process costs, with 10,000 functions. Run with {@code -prof gc}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ReplicaLookupBenchmark {

    private static final int FUNCTIONS = 1 << 13;

    private final MemoryStore store = new MemoryStore();
    private final Replica replica = Replica.of(store, new Locality("eu", "a"));
    private final String[] names = new String[FUNCTIONS];
    private int next;

    /** For JMH. */
    public ReplicaLookupBenchmark() {}

    /** Registers every function and waits until the replica has them. */
    @Setup
    public void register() {
        List<Holding> holdings = new ArrayList<>();
        for (int i = 0; i < FUNCTIONS; i++) {
            names[i] = "function-" + i;
            holdings.add(new Holding(names[i], "v1", 1, 100));
        }
        store.register(
                        new RouterAddress("r1", "10.0.0.1:8080", "tls://10.0.0.1:7443", "eu", "a"),
                        Duration.ofHours(1),
                        holdings)
                .join();
        while (replica.all().size() < FUNCTIONS) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Stops. */
    @TearDown
    public void close() {
        replica.close();
        store.close();
    }

    /** One look-up of a function that is held. */
    @Benchmark
    public @Nullable Resolution lookup() {
        return replica.lookup(names[next++ & (FUNCTIONS - 1)]);
    }
}
