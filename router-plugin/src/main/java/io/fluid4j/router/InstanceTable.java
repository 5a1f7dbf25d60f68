/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.LogLine;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.selection.InstanceSelector;
import io.fluid4j.tunnel.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who is connected. Sessions report to it from their reader threads; requests read immutable pictures
 * ({@link FunctionGroup}) and never take its lock.
 */
final class InstanceTable {

    /** Boot ids that are remembered to tell a reconnect from a first connection. */
    private static final int MAX_REMEMBERED = 10_000;

    private static final Logger LOG = System.getLogger(InstanceTable.class.getName());

    private final InstanceSelector selector;
    private final RouterMetrics metrics;
    private final InstanceListener listener;
    private final long slowStartNanos;
    private final NanoClock clock;
    private final Clock wallClock;
    private final Object lock = new Object();
    private final Map<String, Instance> byId = new HashMap<>();
    private final Set<String> seen = new HashSet<>();
    private final Map<String, FunctionGroup> groups = new ConcurrentHashMap<>();
    private volatile List<Instance> all = List.of();
    private volatile @Nullable FunctionGroup only;

    InstanceTable(
            InstanceSelector selector,
            RouterMetrics metrics,
            InstanceListener listener,
            long slowStartNanos,
            NanoClock clock,
            Clock wallClock) {
        this.selector = selector;
        this.metrics = metrics;
        this.listener = listener;
        this.slowStartNanos = slowStartNanos;
        this.clock = clock;
        this.wallClock = wallClock;
    }

    /** The group of a function, made when it is asked for first. */
    FunctionGroup group(String function) {
        FunctionGroup group = groups.get(function);
        return group != null ? group : groups.computeIfAbsent(function, this::newGroup);
    }

    /** Every function that is or was connected, or that a route names. */
    List<FunctionGroup> groups() {
        return List.copyOf(groups.values());
    }

    /** The one function that is connected; null when there are none or several. */
    @Nullable
    FunctionGroup only() {
        return only;
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** Everybody who is connected now; immutable. */
    List<Instance> all() {
        return all;
    }

    @Nullable
    Instance find(String id) {
        synchronized (lock) {
            return byId.get(id);
        }
    }

    int sessions() {
        int count = 0;
        for (Instance instance : all) {
            count += instance.sessions().size();
        }
        return count;
    }

    /** What is held here, by function and deployment: for the resolver. */
    List<Holding> holdings() {
        List<Holding> holdings = new ArrayList<>();
        for (FunctionGroup group : groups()) {
            group.addHoldings(holdings);
        }
        return holdings;
    }

    /** The listener of a session of an instance. */
    Session.Listener listener(Session session) {
        return new Member();
    }

    private FunctionGroup newGroup(String function) {
        return new FunctionGroup(
                function,
                selector,
                new WaitQueue<>(clock, RouterExchange::client, RouterExchange::lane),
                metrics.function(function),
                clock);
    }

    private Instance join(Session session) {
        Hello hello = session.peerHello();
        synchronized (lock) {
            Instance instance = byId.get(hello.instanceId());
            if (instance == null) {
                instance = new Instance(
                        hello, hello.settings().healthIntervalMillis(), slowStartNanos, clock, wallClock.instant());
                instance.add(session);
                byId.put(hello.instanceId(), instance);
                if (!seen.add(hello.instanceId())) {
                    metrics.reconnects().inc();
                }
                if (seen.size() > MAX_REMEMBERED) {
                    seen.clear();
                }
                group(hello.function()).add(instance);
                publish();
            } else {
                instance.add(session);
            }
            return instance;
        }
    }

    private void leave(Instance instance, Session session) {
        synchronized (lock) {
            if (instance.remove(session) && byId.remove(instance.instanceId(), instance)) {
                group(instance.function()).remove(instance);
                publish();
            }
        }
    }

    private void publish() {
        all = List.copyOf(new ArrayList<>(byId.values()));
        FunctionGroup first = null;
        boolean several = false;
        for (Instance instance : all) {
            FunctionGroup group = group(instance.function());
            several |= first != null && first != group;
            first = group;
        }
        only = several ? null : first;
    }

    /** Serves those who wait for this function, as long as somebody is free. */
    void serveWaiting(FunctionGroup group) {
        group.waiting().serve(turn -> turn.waiter().resume(turn));
    }

    private final class Member implements Session.Listener {
        private @Nullable Instance instance;

        @Override
        public void onOpen(Session session) {
            Instance joined = join(session);
            instance = joined;
            LOG.log(
                    Level.INFO,
                    "instance {0} ({1}@{2}, {3}) connected: session {4} from {5}",
                    joined.instanceId(),
                    joined.function(),
                    joined.deployment(),
                    joined.hello().container(),
                    session.id(),
                    session.remoteAddress());
            serveWaiting(group(joined.function()));
        }

        @Override
        public void onHealth(Session session, Health health) {
            Instance member = instance;
            if (member == null) {
                return;
            }
            boolean free = member.onHealth(health);
            FunctionGroup group = group(member.function());
            group.compare(member);
            if (free) {
                serveWaiting(group);
            }
        }

        @Override
        public void onProcessUsage(Session session, Map<String, Long> cpuNanos) {
            Instance member = instance;
            if (member != null) {
                listener.onProcessUsage(member, cpuNanos);
            }
        }

        @Override
        public void onLog(Session session, int streamId, LogLine line) {
            Instance member = instance;
            if (member != null) {
                listener.onLog(session, member, streamId, line);
            }
        }

        @Override
        public void onDrain(Session session, Drain drain) {
            Instance member = instance;
            if (member != null && drain.everything()) {
                member.onDrain();
                LOG.log(Level.INFO, "instance {0} drains: {1}", member.instanceId(), drain.reason());
            }
        }

        @Override
        public void onDrained(Session session, Drained report) {
            Instance member = instance;
            if (member != null) {
                member.onDrained(report);
                LOG.log(
                        Level.INFO,
                        "instance {0} has drained: {1} finished, {2} cut",
                        member.instanceId(),
                        report.finished(),
                        report.cut());
            }
        }

        @Override
        public void onClosed(Session session, ErrorCode code, @Nullable Throwable cause) {
            listener.onSessionClosed(session);
            Instance member = instance;
            if (member != null) {
                leave(member, session);
                LOG.log(
                        code == ErrorCode.NONE || code == ErrorCode.SHUTDOWN ? Level.INFO : Level.WARNING,
                        "instance {0} ({1}): session {2} from {3} has ended: {4}",
                        member.instanceId(),
                        member.function(),
                        session.id(),
                        session.remoteAddress(),
                        code);
            }
        }
    }
}
