/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import com.sun.management.ThreadMXBean;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.tunnel.InboundStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a request costs in garbage on its way through the instance; a step that allocates more than it should fails here. */
class HotPathAllocationTest {

    private static final int ROUNDS = 50_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final AdmissionController admission = new AdmissionController(AdaptiveLimit.forProcessors(2));
    private final InboundStream stream = mock(InboundStream.class);
    private final RequestHead head = mock(RequestHead.class);
    private final Accounts accounts = new Accounts(
            new Identity("instance-1", "shop", "v1"),
            admission,
            AdaptiveLimit.forProcessors(2),
            new CpuAccounts(0),
            new RunDelay(java.nio.file.Path.of("/proc"), 0),
            new Outcomes(),
            new AfterResponse(Runnable::run, scheduler, Duration.ofSeconds(30)),
            System::nanoTime,
            failure -> {},
            null);

    @AfterEach
    void endThreads() {
        scheduler.shutdownNow();
    }

    /** Octets each round allocates, after a warm-up. */
    private double octetsPerRound(Runnable round) {
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
        return (double) (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
    }

    @Test
    void aPermitAllocatesNothing() {
        assertThat(octetsPerRound(() -> {
                    if (admission.tryAdmit() == null) {
                        admission.release();
                    }
                }))
                .isLessThan(1);
    }

    @Test
    void aNackAllocatesNothing() {
        admission.publish(AdmissionController.Verdict.of(Nack.of(NackReason.MEMORY, 100, 1), 1));

        assertThat(octetsPerRound(admission::tryAdmit)).isLessThan(1);
    }

    @Test
    void aSliceAllocatesNothing() {
        RequestScope scope = new RequestScope(accounts, stream, head, System.nanoTime());

        assertThat(octetsPerRound(() -> {
                    scope.enter();
                    scope.exit();
                }))
                .isLessThan(1);
    }

    @Test
    void aSampleForTheLimitAllocatesNothing() {
        assertThat(octetsPerRound(() -> accounts.limit().onFirstByte(System.nanoTime(), 1_000_000, 5)))
                .isLessThan(1);
    }

    @Test
    void aRequestIsOneObjectAndItsPlaceAmongTheLive() {
        assertThat(octetsPerRound(() -> {
                    admission.tryAdmit();
                    RequestScope scope = new RequestScope(accounts, stream, head, System.nanoTime());
                    accounts.began(scope);
                    accounts.ended(scope);
                }))
                .isLessThan(220);
    }
}
