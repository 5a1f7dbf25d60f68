/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import io.fluid4j.spi.admission.ConcurrencyLimit;
import io.fluid4j.trace.Tracing;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What all requests of an instance share: permits, processor time, outcomes, work after the response. Thread-safe. */
final class Accounts {
    private final Identity identity;
    private final AdmissionController admission;
    private final ConcurrencyLimit limit;
    private final CpuAccounts cpu;
    private final RunDelay runDelay;
    private final Outcomes outcomes;
    private final AfterResponse afterResponse;
    private final LongSupplier nanoClock;
    private final Consumer<Throwable> onFatal;
    private final @Nullable Tracing tracing;
    private final Set<RequestScope> live = ConcurrentHashMap.newKeySet();

    Accounts(
            Identity identity,
            AdmissionController admission,
            ConcurrencyLimit limit,
            CpuAccounts cpu,
            RunDelay runDelay,
            Outcomes outcomes,
            AfterResponse afterResponse,
            LongSupplier nanoClock,
            Consumer<Throwable> onFatal,
            @Nullable Tracing tracing) {
        this.identity = identity;
        this.admission = admission;
        this.limit = limit;
        this.cpu = cpu;
        this.runDelay = runDelay;
        this.outcomes = outcomes;
        this.afterResponse = afterResponse;
        this.nanoClock = nanoClock;
        this.onFatal = onFatal;
        this.tracing = tracing;
    }

    Identity identity() {
        return identity;
    }

    AdmissionController admission() {
        return admission;
    }

    ConcurrencyLimit limit() {
        return limit;
    }

    CpuAccounts cpu() {
        return cpu;
    }

    RunDelay runDelay() {
        return runDelay;
    }

    Outcomes outcomes() {
        return outcomes;
    }

    AfterResponse afterResponse() {
        return afterResponse;
    }

    /** Where spans come from; null when there are none. */
    @Nullable
    Tracing tracing() {
        return tracing;
    }

    long nanoTime() {
        return nanoClock.getAsLong();
    }

    /** Requests whose work goes on. */
    Set<RequestScope> live() {
        return live;
    }

    void began(RequestScope scope) {
        live.add(scope);
    }

    /** All work of a request has ended: its permit is closed. Gives its share of what was not measured, in nanoseconds. */
    long ended(RequestScope scope) {
        live.remove(scope);
        admission.release();
        return cpu.ended(nanoTime(), scope.shareAtAdmission());
    }

    /** Looks whether a failure of one request means that the whole process is in danger. */
    void failed(Throwable failure) {
        if (failure instanceof VirtualMachineError && !(failure instanceof StackOverflowError)) {
            onFatal.accept(failure);
        }
    }
}
