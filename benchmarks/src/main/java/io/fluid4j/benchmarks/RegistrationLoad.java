/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.benchmarks;

import io.fluid4j.resolver.client.RemoteStore;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RouterAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Routers that register at a resolver and go on changing: {@code RegistrationLoad URL ROUTERS FUNCTIONS CHANGES-A-SECOND
 * SECONDS}. Each function is held by three routers. Prints {@code ready} when everything is registered, and at the end how
 * many changes were really made.
 */
public final class RegistrationLoad {

    private static final int HOLDERS = 3;
    private static final int ROUNDS_PER_SECOND = 50;
    /** In a row. */
    private static final int MAX_FAILED = 3;

    private RegistrationLoad() {}

    /**
     * Runs it.
     *
     * @param arguments as the class says
     */
    public static void main(String[] arguments) throws InterruptedException, ExecutionException {
        int routers = Integer.parseInt(arguments[1]);
        int functions = Integer.parseInt(arguments[2]);
        int changesPerSecond = Integer.parseInt(arguments[3]);
        long seconds = Long.parseLong(arguments[4]);
        try (RemoteStore store = new RemoteStore(List.of(URI.create(arguments[0])), null)) {
            for (int r = 0; r < routers; r++) {
                List<Holding> holdings = new ArrayList<>();
                for (int f = 0; f < functions; f++) {
                    if (Math.floorMod(r - f, routers) < HOLDERS) {
                        holdings.add(new Holding("f" + f, "v1", 1, 100));
                    }
                }
                store.register(address(r), Duration.ofHours(1), holdings).get();
            }
            System.out.println("ready");
            long made = change(store, routers, functions, changesPerSecond, seconds);
            System.out.printf("%,d changes in %d s: %,d a second%n", made, seconds, made / Math.max(1, seconds));
        }
    }

    private static RouterAddress address(int router) {
        return new RouterAddress(
                "r" + router,
                "10.0." + router / 250 + "." + (1 + router % 250) + ":8080",
                "tls://10.0.0.1:7443",
                "eu",
                "a");
    }

    private static long change(RemoteStore store, int routers, int functions, int perSecond, long seconds)
            throws InterruptedException, ExecutionException {
        int batch = Math.max(1, perSecond / ROUNDS_PER_SECOND);
        long start = System.nanoTime();
        long made = 0;
        int failed = 0;
        for (int round = 0; System.nanoTime() - start < TimeUnit.SECONDS.toNanos(seconds); round++) {
            int router = round % routers;
            List<Holding> changes = new ArrayList<>(batch);
            for (int i = 0; i < batch; i++) {
                // A function that this router holds, with another capacity than before.
                int function = Math.floorMod(router - (round / routers + i) * routers, functions / routers * routers);
                changes.add(new Holding("f" + function, "v1", 1, 1 + Math.floorMod(round * 31 + i, 1_000)));
            }
            try {
                store.update("r" + router, changes).get();
                made += batch;
                failed = 0;
            } catch (ExecutionException e) {
                // One that was under way when this process was stopped has timed out.
                if (++failed > MAX_FAILED) {
                    throw e;
                }
            }
            long due = start + TimeUnit.SECONDS.toNanos(1) * (round + 1) / ROUNDS_PER_SECOND;
            long behind = System.nanoTime() - due;
            // What it could not do while it was stopped is not made up for.
            start += behind > TimeUnit.SECONDS.toNanos(1) ? behind : 0;
            LockSupport.parkNanos(Math.max(0, -behind));
        }
        return made;
    }
}
