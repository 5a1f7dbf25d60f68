/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.router.provision.ScalingDecision.Situation;
import io.fluid4j.router.provision.ScalingDecision.Standing;
import io.fluid4j.router.provision.ScalingDecision.Step;
import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.ScaleOrder;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one function: looks at them, decides, and has it done. {@link #look} is for one thread, and so is
 * all state but the counters; what provisioners report later waits for the next look.
 */
final class InstancePool {

    private static final Logger LOG = System.getLogger(Provisioning.class.getName());
    /** Instances that are remembered to tell a new one from one that dials again. */
    private static final int MAX_KNOWN = 10_000;
    /** How much longer than its drain may take an instance has to report. */
    private static final Duration REPORT_GRACE = Duration.ofSeconds(5);

    private record Report(
            String id, boolean ofStart, @Nullable Throwable failure) {}

    private final String name;
    private final String function;
    private final ScalingDecision decision;
    private final InstanceProvisioner provisioner;
    private final Fleet fleet;
    private final Duration drainTimeout;
    private final LongSupplier clock;
    private final Supplier<String> ids;
    private final Set<String> known = new HashSet<>();
    private final Set<String> stopping = new HashSet<>();
    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    private final LongAdder asked = new LongAdder();
    private final LongAdder started = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder stopped = new LongAdder();
    private final LongAdder startNanos = new LongAdder();
    private volatile int target;
    private volatile int starting;
    private boolean looked;

    InstancePool(
            String name,
            String function,
            ScalingDecision.Policy policy,
            InstanceProvisioner provisioner,
            Fleet fleet,
            Duration drainTimeout,
            LongSupplier clock,
            Supplier<String> ids) {
        this.name = name;
        this.function = function;
        this.decision = new ScalingDecision(policy);
        this.provisioner = provisioner;
        this.fleet = fleet;
        this.drainTimeout = drainTimeout;
        this.clock = clock;
        this.ids = ids;
        this.target = decision.target();
    }

    PoolFigures figures() {
        return new PoolFigures(
                name,
                function,
                target,
                starting,
                asked.sum(),
                started.sum(),
                failed.sum(),
                stopped.sum(),
                startNanos.sum() / 1e9);
    }

    /** One look at the fleet, and what follows from it. */
    void look() {
        long now = clock.getAsLong();
        List<Fleet.Member> members = fleet.members(function);
        takeReports(now);
        welcome(now, members);
        List<Standing> staying = new ArrayList<>();
        Set<String> leaving = new HashSet<>(stopping);
        for (Fleet.Member member : members) {
            if (member.draining()) {
                if (provisioner.owns(member.id())) {
                    leaving.add(member.id());
                }
            } else if (!stopping.contains(member.id())) {
                staying.add(new Standing(
                        member.id(), provisioner.owns(member.id()), member.load(), member.connectedNanos()));
            }
        }
        Step step = decision.decide(
                now, new Situation(fleet.desired(function), fleet.waiting(function), staying, leaving.size()));
        target = decision.target();
        step.expired().forEach(this::giveUp);
        for (int i = 0; i < step.starts(); i++) {
            start(now, step.reason());
        }
        if (step.stop() != null) {
            stop(step.stop(), step.reason());
        }
        starting = decision.pending();
        fleet.expect(function, starting, decision.mayGrow(now, staying.size() + leaving.size()));
    }

    private void takeReports(long now) {
        for (Report report = reports.poll(); report != null; report = reports.poll()) {
            if (!report.ofStart()) {
                stopping.remove(report.id());
                stopped.increment();
                LOG.log(Level.INFO, "pool {0}: instance {1} has been stopped", name, report.id());
            } else if (decision.failed(now, report.id())) {
                failed.increment();
                LOG.log(
                        Level.WARNING,
                        "pool {0}: instance {1} did not start: {2}",
                        name,
                        report.id(),
                        reason(report.failure()));
            }
        }
    }

    private void welcome(long now, List<Fleet.Member> members) {
        for (Fleet.Member member : members) {
            if (!known.add(member.id())) {
                continue;
            }
            String order = decision.awaits(member.id())
                    ? member.id()
                    : looked && !provisioner.passesIds() ? decision.oldestPending() : null;
            if (order != null) {
                long took = decision.joined(now - member.connectedNanos(), order);
                started.increment();
                startNanos.add(took);
                LOG.log(
                        Level.INFO,
                        "pool {0}: instance {1} is there, {2} ms after it was asked for",
                        name,
                        member.id(),
                        took / 1_000_000L);
            }
        }
        looked = true;
        if (known.size() > MAX_KNOWN) {
            known.clear();
            members.forEach(member -> known.add(member.id()));
        }
    }

    private void start(long now, String reason) {
        String id = ids.get();
        decision.asked(now, id);
        asked.increment();
        LOG.log(Level.INFO, "pool {0}: asks for instance {1} ({2}, {3} wanted)", name, id, reason, target);
        provisioner.start(new ScaleOrder(id, target, reason)).whenComplete((done, failure) -> {
            if (failure != null) {
                reports.add(new Report(id, true, failure));
            }
        });
    }

    private void giveUp(String id) {
        failed.increment();
        LOG.log(Level.WARNING, "pool {0}: instance {1} has not come in time and is given up", name, id);
        provisioner.stop(new ScaleOrder(id, target, "start-timeout")).whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.log(Level.WARNING, "pool {0}: instance {1} may still run: {2}", name, id, reason(failure));
            }
        });
    }

    private void stop(String id, String reason) {
        stopping.add(id);
        LOG.log(Level.INFO, "pool {0}: drains and stops instance {1} ({2}, {3} wanted)", name, id, reason, target);
        ScaleOrder order = new ScaleOrder(id, target, reason);
        CompletableFuture<Object> drained = new CompletableFuture<>();
        CompletionStage<?> drain = fleet.drain(id, drainTimeout);
        drain.whenComplete((report, failure) -> drained.complete(""));
        var unused = drained.completeOnTimeout(
                        "", drainTimeout.plus(REPORT_GRACE).toMillis(), TimeUnit.MILLISECONDS)
                .thenCompose(anyway -> provisioner.stop(order))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        LOG.log(Level.WARNING, "pool {0}: stopping {1} failed: {2}", name, id, reason(failure));
                    }
                    reports.add(new Report(id, false, failure));
                });
    }

    /** Ends what depends on this process. */
    void close() {
        fleet.expect(function, 0, false);
        provisioner.close();
    }

    private static String reason(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause == null ? "no reason given" : String.valueOf(cause.getMessage());
    }
}
