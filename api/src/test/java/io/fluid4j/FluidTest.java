/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Outside Fluid4J everything works, and nothing is counted. */
class FluidTest {

    @Test
    void thereIsNoRequest() {
        FluidContext context = Fluid.current();

        assertThat(context.active()).isFalse();
        assertThat(context.requestId()).isEmpty();
        assertThat(context.instanceId()).isEmpty();
        assertThat(context.function()).isEmpty();
        assertThat(context.deployment()).isEmpty();
        assertThat(context.deadline()).isEmpty();
        assertThat(context.cancelled()).isFalse();
    }

    @Test
    void waitUntilChangesNothing() {
        CompletableFuture<String> work = new CompletableFuture<>();

        Fluid.waitUntil(work);

        assertThat(work).isNotDone();
    }

    @Test
    void tasksRunAllTheSame() throws Exception {
        assertThat(Fluid.runAfterResponse(() -> "ran").get(20, TimeUnit.SECONDS))
                .isEqualTo("ran");
    }

    @Test
    void aFailureIsTheFuturesOutcome() {
        CompletableFuture<String> result = Fluid.runAfterResponse(() -> {
            throw new java.io.IOException("on purpose");
        });

        assertThatThrownBy(() -> result.get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasRootCauseMessage("on purpose");
    }

    @Test
    void aRequestOfAnotherServerHasNoContext() {
        assertThat(Fluid.from(name -> null).active()).isFalse();
        assertThat(Fluid.from(name -> "somebody else's").active()).isFalse();
    }

    @Test
    void nullIsRefused() {
        assertThatThrownBy(() -> Fluid.waitUntil(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Fluid.runAfterResponse(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Fluid.from(null)).isInstanceOf(NullPointerException.class);
    }
}
