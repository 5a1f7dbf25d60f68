/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.INFO;

import io.fluid4j.frame.Drain;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finishes what runs and takes nothing new: tells the routers first, waits until no work is left or the time is over, cuts
 * what is left then, and reports. Thread-safe; at most one drain at a time.
 */
final class DrainCoordinator {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");

    private final Accounts accounts;
    private final HealthMonitor health;
    private final ScheduledExecutorService scheduler;
    private final Consumer<Drain> announce;
    private final Runnable pushHealth;
    private final LongSupplier nanoClock;

    // Guarded by this.
    private @Nullable Running running;

    private final class Running {
        final CompletableFuture<DrainResult> result = new CompletableFuture<>();
        final long beganNanos = nanoClock.getAsLong();
        final long endedBefore = accounts.admission().ended();

        @Nullable
        ScheduledFuture<?> timer;
    }

    DrainCoordinator(
            Accounts accounts,
            HealthMonitor health,
            ScheduledExecutorService scheduler,
            Consumer<Drain> announce,
            Runnable pushHealth,
            LongSupplier nanoClock) {
        this.accounts = accounts;
        this.health = health;
        this.scheduler = scheduler;
        this.announce = announce;
        this.pushHealth = pushHealth;
        this.nanoClock = nanoClock;
        accounts.admission().onIdle(this::idle);
    }

    /**
     * Begins a drain; joins the one that goes on, if any.
     *
     * @param timeout how long work may go on; what is left then is cut
     * @param announcement what the routers are told
     */
    CompletableFuture<DrainResult> begin(Duration timeout, Drain announcement) {
        Running begun;
        synchronized (this) {
            if (running != null) {
                return running.result;
            }
            begun = new Running();
            running = begun;
        }
        LOG.log(
                INFO,
                "draining: {0} requests go on, at most {1}",
                accounts.admission().inFlight(),
                timeout);
        health.draining(true);
        pushHealth.run(); // From here on nothing new is admitted, whatever the routers know.
        announce.accept(announcement);
        try {
            begun.timer = scheduler.schedule(() -> timeOut(begun), timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            timeOut(begun); // The instance is being closed: no time is left.
        }
        if (accounts.admission().inFlight() == 0) {
            finish(begun, 0);
        }
        return begun.result;
    }

    /** Takes requests again. */
    void resume() {
        Running ending;
        synchronized (this) {
            ending = running;
            running = null;
        }
        health.draining(false);
        pushHealth.run();
        if (ending != null) {
            complete(ending, 0);
        }
    }

    private void idle() {
        if (!health.draining()) {
            return;
        }
        Running now;
        synchronized (this) {
            now = running;
        }
        if (now != null && accounts.admission().inFlight() == 0) {
            finish(now, 0);
        }
    }

    private void timeOut(Running drain) {
        if (drain.result.isDone()) {
            return;
        }
        int left = 0;
        for (RequestScope scope : accounts.live()) {
            left++;
            scope.cut();
        }
        finish(drain, left);
    }

    private void finish(Running drain, int cut) {
        complete(drain, cut);
        ScheduledFuture<?> timer = drain.timer;
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void complete(Running drain, int cut) {
        long ended = accounts.admission().ended() - drain.endedBefore;
        DrainResult result = new DrainResult(
                (int) Math.max(0, ended), cut, Duration.ofNanos(nanoClock.getAsLong() - drain.beganNanos));
        if (drain.result.complete(result)) {
            LOG.log(INFO, "drained: {0} finished, {1} cut, after {2}", result.finished(), result.cut(), result.took());
        }
    }
}
