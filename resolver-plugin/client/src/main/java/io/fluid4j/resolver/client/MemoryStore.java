/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import static java.util.Objects.requireNonNull;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.spi.resolve.UnknownRouterException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Registrations in the memory of this process. Each instance is a history (epoch) of its own. Safe for any thread; a
 * write is done when its method returns.
 */
public final class MemoryStore implements RecordStore {

    /** How late a registration may run out. */
    private static final Duration SWEEP = Duration.ofMillis(250);

    private static final Logger LOG = System.getLogger(MemoryStore.class.getName());

    private static final class Member {
        final RouterHoldings holdings;
        long renewedNanos;

        Member(RouterHoldings holdings) {
            this.holdings = holdings;
        }
    }

    private final ScheduledExecutorService executor;
    private final LongSupplier nanos;
    private final ChangeLog log;
    private final Object lock = new Object();
    private final Map<String, Member> members = new HashMap<>();
    private Revision revision;
    private boolean closed;

    /** An empty store with a thread of its own. */
    public MemoryStore() {
        this(
                Executors.newSingleThreadScheduledExecutor(task -> {
                    Thread thread = new Thread(task, "fluid-records");
                    thread.setDaemon(true);
                    return thread;
                }),
                System::nanoTime,
                ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
    }

    MemoryStore(ScheduledExecutorService executor, LongSupplier nanos, long epoch) {
        this.executor = requireNonNull(executor, "executor");
        this.nanos = nanos;
        this.revision = new Revision(epoch, 0);
        this.log = new ChangeLog(executor, nanos, revision);
        var unused =
                executor.scheduleWithFixedDelay(this::sweep, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings) {
        synchronized (lock) {
            if (closed) {
                return CompletableFuture.failedFuture(new IllegalStateException("the store is closed"));
            }
            try {
                Registration.checkTtl(ttl);
                Member member =
                        members.computeIfAbsent(router.router(), name -> new Member(new RouterHoldings(router, ttl)));
                member.renewedNanos = nanos.getAsLong();
                return write(member.holdings.replace(router, ttl, holdings, next()));
            } catch (IllegalArgumentException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
    }

    @Override
    public CompletableFuture<Revision> update(String router, List<Holding> changes) {
        synchronized (lock) {
            Member member = members.get(router);
            if (member == null || closed) {
                return CompletableFuture.failedFuture(new UnknownRouterException(router));
            }
            member.renewedNanos = nanos.getAsLong();
            return write(changes.isEmpty() ? List.of() : member.holdings.update(changes, next()));
        }
    }

    @Override
    public CompletableFuture<Revision> remove(String router) {
        synchronized (lock) {
            Member member = members.remove(router);
            return write(member == null ? List.of() : allGone(router, member));
        }
    }

    @Override
    public Watch watch(@Nullable Revision from, RecordWatcher watcher) {
        return log.watch(from, requireNonNull(watcher, "watcher"));
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
        executor.shutdownNow();
    }

    private Revision next() {
        return new Revision(revision.epoch(), revision.number() + 1);
    }

    /** Under the lock, so that the log has the changes in the order of their revisions. */
    private CompletableFuture<Revision> write(List<RecordChange> changes) {
        if (!changes.isEmpty()) {
            revision = next();
            log.append(revision, changes);
        }
        return CompletableFuture.completedFuture(revision);
    }

    private void sweep() {
        List<String> silent = new ArrayList<>();
        synchronized (lock) {
            long now = nanos.getAsLong();
            members.forEach((router, member) -> {
                if (now - member.renewedNanos > member.holdings.ttl().toNanos()) {
                    silent.add(router);
                }
            });
            for (String router : silent) {
                Member member = requireNonNull(members.remove(router));
                var unused = write(allGone(router, member));
            }
        }
        for (String router : silent) {
            LOG.log(Level.WARNING, "router {0} has not renewed: its registrations are removed", router);
        }
    }

    private static List<RecordChange> allGone(String router, Member member) {
        List<RecordChange> changes = new ArrayList<>();
        for (String function : member.holdings.functions()) {
            changes.add(RecordChange.gone(function, router));
        }
        return changes;
    }
}
