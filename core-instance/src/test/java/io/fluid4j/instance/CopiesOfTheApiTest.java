/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.fluid4j.Fluid;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.tunnel.InboundStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An application that carries its own copy of {@code io.fluid4j} finds its request all the same. */
class CopiesOfTheApiTest {

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final InboundStream stream = mock(InboundStream.class);
    private final RequestScope scope = scope();

    @AfterEach
    void endThreads() {
        scheduler.shutdownNow();
    }

    private RequestScope scope() {
        RequestHead head = mock(RequestHead.class);
        when(head.requestId()).thenReturn("0123456789abcdef0123456789abcdef");
        AdmissionController admission = new AdmissionController(new Limits.Fixed(10));
        admission.tryAdmit();
        Accounts accounts = new Accounts(
                new Identity("instance-1", "shop", "v1"),
                admission,
                new Limits.Fixed(10),
                new CpuAccounts(0),
                new RunDelay(java.nio.file.Path.of("/proc"), 0),
                new Outcomes(),
                new AfterResponse(Runnable::run, scheduler, java.time.Duration.ofSeconds(30)),
                System::nanoTime,
                failure -> {},
                null);
        return new RequestScope(accounts, stream, head, System.nanoTime());
    }

    /** A web application's loader: its own classes first. */
    private static Class<?> fluidOfAnApplication() throws Exception {
        URL api = Fluid.class.getProtectionDomain().getCodeSource().getLocation();
        ClassLoader own = new URLClassLoader(new URL[] {api}, ClassLoader.getPlatformClassLoader());
        Class<?> copy = own.loadClass("io.fluid4j.Fluid");
        assertThat(copy).isNotSameAs(Fluid.class);
        return copy;
    }

    @Test
    void theCopyFindsTheRequestOfTheThread() throws Exception {
        Class<?> fluid = fluidOfAnApplication();
        assertThat(requestIdBy(fluid)).isEmpty();

        scope.enter();
        try {
            assertThat(requestIdBy(fluid)).isEqualTo("0123456789abcdef0123456789abcdef");
            assertThat(Fluid.current().requestId()).isEqualTo("0123456789abcdef0123456789abcdef");
        } finally {
            scope.exit();
        }

        assertThat(requestIdBy(fluid)).isEmpty();
    }

    @Test
    void workGivenThroughTheCopyCounts() throws Exception {
        Class<?> fluid = fluidOfAnApplication();
        CompletableFuture<String> work = new CompletableFuture<>();
        scope.enter();
        try {
            fluid.getMethod("waitUntil", CompletionStage.class).invoke(null, work);
        } finally {
            scope.exit();
        }
        scope.completed(null);
        assertThat(scope.ended()).isFalse();
        verify(stream).releaseEnd();

        work.complete("done");

        assertThat(scope.ended()).isTrue();
        verify(stream).completed(any());
    }

    @Test
    void theRequestAttributeServesTheCopyToo() throws Exception {
        Class<?> fluid = fluidOfAnApplication();
        Function<String, Object> attributes = scope.requestAttributes()::get;

        Object context = fluid.getMethod("from", Function.class).invoke(null, attributes);

        assertThat(context.getClass().getMethod("instanceId").invoke(context)).isEqualTo("instance-1");
    }

    @Test
    void aNewerCopyMayAskForWhatThisServerDoesNotKnow() {
        assertThat(scope.apply("invented-later")).isNull();
    }

    @Test
    void anOlderServerMayNotKnowWhatThisCopyAsksFor() {
        Function<String, Object> older = name -> name.equals("requestId") ? "abc" : null;

        var context = Fluid.from(name -> older);

        assertThat(context.active()).isTrue();
        assertThat(context.requestId()).isEqualTo("abc");
        assertThat(context.deployment()).isEmpty();
        assertThat(context.deadline()).isEmpty();
        assertThat(context.cancelled()).isFalse();
        context.waitUntil(new CompletableFuture<>());
        assertThat(context.runAfterResponse(() -> "ran").join()).isEqualTo("ran");
        Runnable task = () -> {};
        assertThat(context.wrap(task)).isSameAs(task);
    }

    private static String requestIdBy(Class<?> fluid) throws Exception {
        Object context = fluid.getMethod("current").invoke(null);
        return (String) context.getClass().getMethod("requestId").invoke(context);
    }
}
