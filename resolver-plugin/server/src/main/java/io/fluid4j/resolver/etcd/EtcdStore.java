/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import static io.fluid4j.resolver.etcd.EtcdClient.encode;
import static io.fluid4j.resolver.etcd.EtcdClient.list;
import static io.fluid4j.resolver.etcd.EtcdClient.number;
import static io.fluid4j.resolver.etcd.EtcdClient.object;
import static io.fluid4j.resolver.etcd.EtcdClient.rangeEnd;
import static java.util.Objects.requireNonNull;

import io.fluid4j.resolver.client.ChangeLog;
import io.fluid4j.resolver.client.Json;
import io.fluid4j.resolver.client.RecordJson;
import io.fluid4j.resolver.client.RouterHoldings;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import io.fluid4j.spi.resolve.UnknownRouterException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Registrations in etcd. One lease for each router, which its keys go with; one key for each router and function. A router
 * renews at the resolver it has registered at; another one does not know it, says so, and it registers there: the keys
 * then change to the new lease. Writes of one router follow each other, those of several run side by side. Safe for any
 * thread.
 */
public final class EtcdStore implements RecordStore {

    /** Where everything is, unless somebody else is there. */
    public static final String DEFAULT_PREFIX = "/fluid4j";

    /** Below etcd's own limit of 128. */
    private static final int MAX_OPERATIONS = 100;
    /** How long a write waits for etcd to be found at all. */
    private static final int BEGIN_SECONDS = 3;
    /** A lease is kept alive this many times in its time to live at most, however much changes. */
    private static final int KEEP_ALIVES_IN_TTL = 6;

    /** A router that has registered here. Its fields belong to the write of that router which is under way. */
    private static final class Member {
        final RouterHoldings holdings;
        final long lease;
        long keptNanos;

        Member(RouterHoldings holdings, long lease, long keptNanos) {
            this.holdings = holdings;
            this.lease = lease;
            this.keptNanos = keptNanos;
        }
    }

    private final ScheduledExecutorService executor;
    private final ScheduledExecutorService watchers;
    private final EtcdClient etcd;
    private final EtcdKeys keys;
    private final ChangeLog log;
    private final EtcdFollower follower;
    private final Object lock = new Object();
    // Under the lock:
    private final Map<String, Member> members = new HashMap<>();
    private final Map<String, CompletableFuture<Revision>> lastWrites = new HashMap<>();

    /**
     * A store that begins to follow etcd at once, and goes on trying.
     *
     * @param endpoints the members of etcd, at least one
     * @param prefix begins all keys, without a slash at its end
     */
    public EtcdStore(List<URI> endpoints, String prefix) {
        AtomicInteger number = new AtomicInteger();
        this.executor = Executors.newScheduledThreadPool(2, task -> {
            Thread thread = new Thread(task, "fluid-etcd-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        this.watchers = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "fluid-records");
            thread.setDaemon(true);
            return thread;
        });
        this.etcd = new EtcdClient(endpoints, executor);
        this.keys = new EtcdKeys(prefix);
        this.log = new ChangeLog(watchers, System::nanoTime, Revision.NONE);
        this.follower = new EtcdFollower(etcd, keys, log);
        follower.start();
        var unused = executor.scheduleWithFixedDelay(
                follower::probe, EtcdFollower.PROBE_MILLIS, EtcdFollower.PROBE_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public CompletableFuture<Revision> register(RouterAddress router, Duration ttl, List<Holding> holdings) {
        try {
            Registration.checkTtl(ttl);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        }
        String name = router.router();
        return afterOthers(name, () -> {
            Member known = member(name);
            if (known != null && known.holdings.ttl().equals(ttl)) {
                List<RecordChange> changes = known.holdings.replace(router, ttl, holdings, Revision.NONE);
                return kept(name, known).thenCompose(kept -> write(known, changes, List.of()));
            }
            return etcd.call("lease/grant", Map.of("TTL", Long.toString(seconds(ttl))))
                    .thenCompose(granted -> adopt(router, ttl, holdings, number(granted, "ID")));
        });
    }

    /** Puts everything under a new lease, and removes what the router held before. */
    private CompletableFuture<Revision> adopt(RouterAddress router, Duration ttl, List<Holding> holdings, long lease) {
        String name = router.router();
        Member member = new Member(new RouterHoldings(router, ttl), lease, System.nanoTime());
        String range = keys.router(name);
        return etcd.call(
                        "kv/range",
                        Map.of("key", encode(range), "range_end", encode(rangeEnd(range)), "keys_only", true))
                .thenCompose(there -> {
                    List<RecordChange> changes = member.holdings.replace(router, ttl, holdings, Revision.NONE);
                    Set<String> old = new HashSet<>();
                    for (Object pair : list(there.get("kvs"))) {
                        old.add(keys.function(EtcdClient.decode(object(pair).get("key"))));
                    }
                    changes.forEach(change -> old.remove(change.function()));
                    synchronized (lock) {
                        members.put(name, member);
                    }
                    return write(member, changes, List.copyOf(old));
                });
    }

    @Override
    public CompletableFuture<Revision> update(String router, List<Holding> changes) {
        return afterOthers(router, () -> {
            Member member = member(router);
            if (member == null) {
                return CompletableFuture.failedFuture(new UnknownRouterException(router));
            }
            return kept(router, member)
                    .thenCompose(kept -> write(member, member.holdings.update(changes, Revision.NONE), List.of()));
        });
    }

    @Override
    public CompletableFuture<Revision> remove(String router) {
        return afterOthers(router, () -> {
            Member member;
            synchronized (lock) {
                member = members.remove(router);
            }
            String range = keys.router(router);
            return etcd.call("kv/deleterange", Map.of("key", encode(range), "range_end", encode(rangeEnd(range))))
                    .thenCompose(deleted -> {
                        Revision done = new Revision(log.revision().epoch(), EtcdClient.revision(deleted));
                        if (member == null) {
                            return CompletableFuture.completedFuture(done);
                        }
                        return etcd.call("lease/revoke", Map.of("ID", Long.toString(member.lease)))
                                .handle((revoked, failure) -> done);
                    });
        });
    }

    @Override
    public Watch watch(@Nullable Revision from, RecordWatcher watcher) {
        return log.watch(from, requireNonNull(watcher, "watcher"));
    }

    @Override
    public void close() {
        follower.close();
        executor.shutdownNow();
        watchers.shutdownNow();
    }

    private @Nullable Member member(String router) {
        synchronized (lock) {
            return members.get(router);
        }
    }

    /** Writes of one router one after another. One that fails leaves nothing behind that the next could build on. */
    private CompletableFuture<Revision> afterOthers(String router, Supplier<CompletableFuture<Revision>> write) {
        CompletableFuture<Revision> done = new CompletableFuture<>();
        CompletableFuture<Revision> before;
        synchronized (lock) {
            before = lastWrites.put(router, done);
        }
        Runnable next = () -> {
            CompletableFuture<Revision> written =
                    follower.begun().orTimeout(BEGIN_SECONDS, TimeUnit.SECONDS).thenCompose(begun -> write.get());
            var unused = written.whenComplete((revision, failure) -> {
                synchronized (lock) {
                    lastWrites.remove(router, done);
                    if (failure != null) {
                        members.remove(router);
                    }
                }
                if (failure == null) {
                    done.complete(revision);
                } else {
                    done.completeExceptionally(cause(failure));
                }
            });
        };
        if (before == null) {
            next.run();
        } else {
            var unused = before.whenComplete((revision, failure) -> next.run());
        }
        return done;
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof TimeoutException ? new IOException("etcd cannot be reached", cause) : cause;
    }

    /** Keeps the lease of a router; fails when it has run out, and its keys with it. */
    private CompletableFuture<Boolean> kept(String router, Member member) {
        long now = System.nanoTime();
        if (now - member.keptNanos < member.holdings.ttl().toNanos() / KEEP_ALIVES_IN_TTL) {
            return CompletableFuture.completedFuture(true);
        }
        return etcd.call("lease/keepalive", Map.of("ID", Long.toString(member.lease)))
                .thenCompose(answer -> {
                    if (number(object(answer.get("result")), "TTL") <= 0) {
                        return CompletableFuture.failedFuture(new UnknownRouterException(router));
                    }
                    member.keptNanos = now;
                    return CompletableFuture.completedFuture(true);
                });
    }

    /** Writes in transactions that etcd accepts, one after another. */
    private CompletableFuture<Revision> write(Member member, List<RecordChange> changes, List<String> gone) {
        String router = member.holdings.router().router();
        List<Map<String, Object>> operations = new ArrayList<>();
        for (RecordChange change : changes) {
            Registration registration = change.registration();
            if (registration == null) {
                operations.add(delete(router, change.function()));
            } else {
                operations.add(Map.of(
                        "request_put",
                        Map.of(
                                "key", encode(keys.record(router, change.function())),
                                "value", encode(Json.text(RecordJson.registration(registration))),
                                "lease", Long.toString(member.lease))));
            }
        }
        gone.forEach(function -> operations.add(delete(router, function)));
        CompletableFuture<Revision> done = CompletableFuture.completedFuture(log.revision());
        for (int at = 0; at < operations.size(); at += MAX_OPERATIONS) {
            Map<String, Object> transaction =
                    Map.of("success", operations.subList(at, Math.min(operations.size(), at + MAX_OPERATIONS)));
            done = done.thenCompose(before -> etcd.call("kv/txn", transaction))
                    .thenApply(answer -> new Revision(log.revision().epoch(), EtcdClient.revision(answer)));
        }
        return done;
    }

    private Map<String, Object> delete(String router, String function) {
        return Map.of("request_delete_range", Map.of("key", encode(keys.record(router, function))));
    }

    private static long seconds(Duration ttl) {
        return ttl.plusMillis(999).toSeconds();
    }
}
