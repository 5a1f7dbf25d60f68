/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.resolve;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.spi.resolve.UnknownRouterException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one router's word in a store up to date: registers, says what has changed, renews three times in a time to live,
 * and registers again when the store has forgotten or an answer was lost. One request is under way at a time, so that the
 * last word is the last one. Uses one thread for everything.
 */
final class Registrar implements AutoCloseable {

    /** How late others know of a change. */
    static final Duration TICK = Duration.ofMillis(500);

    private static final Duration MAX_PAUSE = Duration.ofSeconds(5);
    private static final Duration WITHDRAW_TIMEOUT = Duration.ofSeconds(2);
    private static final int RENEWALS_IN_TTL = 3;
    /** Free capacity moves with every request: only what would change a decision is worth telling. */
    private static final int WORTH_TELLING_PERCENT = 20;

    private static final Logger LOG = System.getLogger(Registrar.class.getName());

    private record Key(String function, String deployment) {}

    private final RecordStore store;
    private final RouterAddress address;
    private final Duration ttl;
    private final Supplier<List<Holding>> holdings;
    private final ScheduledExecutorService executor;
    private final LongSupplier nanos;
    private volatile boolean draining;
    // Used by the executor's thread only:
    private final Map<Key, Holding> told = new LinkedHashMap<>();
    private boolean registered;
    private boolean underWay;
    private boolean failing;
    private long lastToldNanos;
    private long notBeforeNanos;
    private Duration pause = TICK;

    Registrar(RecordStore store, RouterAddress address, Duration ttl, Supplier<List<Holding>> holdings) {
        this(
                store,
                address,
                ttl,
                holdings,
                Executors.newSingleThreadScheduledExecutor(task -> {
                    Thread thread = new Thread(task, "fluid-registrar");
                    thread.setDaemon(true);
                    return thread;
                }),
                System::nanoTime);
    }

    Registrar(
            RecordStore store,
            RouterAddress address,
            Duration ttl,
            Supplier<List<Holding>> holdings,
            ScheduledExecutorService executor,
            LongSupplier nanos) {
        this.store = store;
        this.address = address;
        this.ttl = ttl;
        this.holdings = holdings;
        this.executor = executor;
        this.nanos = nanos;
        this.notBeforeNanos = nanos.getAsLong();
    }

    void start() {
        var unused = executor.scheduleWithFixedDelay(this::tick, 0, TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    void drain() {
        draining = true;
    }

    @Override
    public void close() {
        if (executor.isShutdown()) {
            return;
        }
        executor.shutdownNow();
        try {
            var unused = store.remove(address.router()).get(WITHDRAW_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(Level.INFO, "what is registered was not withdrawn and will run out: {0}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tick() {
        try {
            if (!underWay && nanos.getAsLong() - notBeforeNanos >= 0) {
                tell();
            }
        } catch (RuntimeException e) {
            // The next one may do better; without any, this router would run out.
            LOG.log(Level.ERROR, "registering failed", e);
        }
    }

    private void tell() {
        Map<Key, Holding> now = now();
        if (!registered) {
            send(store.register(address, ttl, List.copyOf(now.values())), now);
            return;
        }
        List<Holding> changes = changes(now);
        boolean due = nanos.getAsLong() - lastToldNanos > ttl.toNanos() / RENEWALS_IN_TTL;
        if (due || !changes.isEmpty()) {
            Map<Key, Holding> after = new LinkedHashMap<>(told);
            for (Holding change : changes) {
                Key key = new Key(change.function(), change.deployment());
                if (change.tunnels() == 0) {
                    after.remove(key);
                } else {
                    after.put(key, change);
                }
            }
            send(store.update(address.router(), changes), after);
        }
    }

    private Map<Key, Holding> now() {
        Map<Key, Holding> now = new LinkedHashMap<>();
        for (Holding holding : holdings.get()) {
            if (holding.tunnels() > 0) {
                Holding said = draining
                        ? new Holding(holding.function(), holding.deployment(), holding.tunnels(), 0)
                        : holding;
                now.put(new Key(holding.function(), holding.deployment()), said);
            }
        }
        return now;
    }

    private List<Holding> changes(Map<Key, Holding> now) {
        List<Holding> changes = new ArrayList<>();
        now.forEach((key, holding) -> {
            if (worthTelling(told.get(key), holding)) {
                changes.add(holding);
            }
        });
        for (Key key : told.keySet()) {
            if (!now.containsKey(key)) {
                changes.add(new Holding(key.function, key.deployment, 0, 0));
            }
        }
        return changes;
    }

    private static boolean worthTelling(@Nullable Holding before, Holding now) {
        if (before == null || before.tunnels() != now.tunnels() || (before.capacity() == 0) != (now.capacity() == 0)) {
            return true;
        }
        long difference = Math.abs((long) before.capacity() - now.capacity());
        return difference * 100 > (long) before.capacity() * WORTH_TELLING_PERCENT;
    }

    private void send(CompletableFuture<Revision> answer, Map<Key, Holding> after) {
        underWay = true;
        var unused = answer.whenCompleteAsync((revision, failure) -> answered(after, failure), executor);
    }

    private void answered(Map<Key, Holding> after, @Nullable Throwable failure) {
        underWay = false;
        long now = nanos.getAsLong();
        if (failure == null) {
            if (!registered || failing) {
                LOG.log(Level.INFO, "router {0} is registered", address.router());
            }
            registered = true;
            failing = false;
            pause = TICK;
            lastToldNanos = now;
            told.clear();
            told.putAll(after);
            return;
        }
        // Whether it has arrived is not known: say everything again.
        registered = false;
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof UnknownRouterException) {
            return;
        }
        if (!failing) {
            failing = true;
            LOG.log(Level.WARNING, "registering failed, it is tried again: {0}", String.valueOf(cause));
        }
        notBeforeNanos = now + pause.toNanos();
        pause = pause.multipliedBy(2).compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : pause.multipliedBy(2);
    }
}
