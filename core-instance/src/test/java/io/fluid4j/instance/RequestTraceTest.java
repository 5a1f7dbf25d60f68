/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static io.fluid4j.instance.FakeRouter.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.trace.OpenTelemetryTracing;
import io.fluid4j.tunnel.Session;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The instance's span of a request, made by the real SDK. */
class RequestTraceTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";

    private final FakeRouter router = new FakeRouter();
    private final FakeContainer container = new FakeContainer();
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .build();
    private InstanceRuntime instance;
    private Session session;

    @BeforeEach
    void start() {
        InstanceRuntime.Builder builder = InstanceRuntime.builder()
                .config(Config.builder()
                        .role(Role.INSTANCE)
                        .explicit(Map.of(
                                "fluid.function", "shop",
                                "fluid.router.urls", router.url(),
                                "fluid.tunnel.secret", FakeRouter.SECRET,
                                "fluid.admission.scheduler-lag", "off",
                                "fluid.admission.queue-delay", "off",
                                "fluid.admission.cpu-throttled", "off",
                                "fluid.admission.gc-time", "off",
                                "fluid.admission.memory", "off"))
                        .environment(Map.of())
                        .systemProperties(new Properties())
                        .noDefaultFiles()
                        .build())
                .container("test/1")
                .containerExecutor(pool)
                .exchanges(container);
        builder.tracing = new OpenTelemetryTracing(sdk);
        instance = builder.build();
        instance.start();
        session = router.session();
        router.traceParent = "00-" + TRACE + "-" + PARENT + "-01";
    }

    @AfterEach
    void close() {
        instance.close();
        router.close();
        pool.shutdownNow();
        sdk.close();
    }

    private static String here() {
        return Span.current().getSpanContext().getTraceId() + "-"
                + Span.current().getSpanContext().getSpanId();
    }

    @SuppressWarnings("unchecked")
    private static Function<String, Object> context(FakeContainer.Request request) {
        return (Function<String, Object>) request.scope.requestAttributes().get(RequestScope.CONTEXT_ATTRIBUTE);
    }

    @Test
    @SuppressWarnings("unchecked")
    void theApplicationAndItsTasksWorkInsideTheSpan() {
        List<String> seen = new CopyOnWriteArrayList<>();
        container.at("/after?secret=1", request -> {
            seen.add(here());
            seen.add(request.scope.traceParent());
            Thread other = new Thread(request.scope.slice(() -> seen.add(here())));
            other.start();
            other.join();
            var tasks = (Function<Callable<Object>, CompletableFuture<Object>>)
                    context(request).apply("runAfterResponse");
            var unused = tasks.apply(() -> {
                seen.add(here());
                sdk.getTracer("application").spanBuilder("mail").startSpan().end();
                return "sent";
            });
            return "ok";
        });
        assertThat(FakeRouter.get(router.get(session, "/after?secret=1").status))
                .isEqualTo(200);
        until("both spans", () -> spans.getFinishedSpanItems().size() == 2);

        SpanData span = named("GET");
        String id = TRACE + "-" + span.getSpanId();
        assertThat(seen).containsExactly(id, "00-" + id + "-01", id, id);
        assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getParentSpanId()).isEqualTo(PARENT);
        assertThat(span.getAttributes().get(AttributeKey.stringKey("url.path"))).isEqualTo("/after");
        assertThat(span.getAttributes().get(AttributeKey.stringKey("fluid.function")))
                .isEqualTo("shop");
        assertThat(span.getAttributes().get(AttributeKey.longKey("http.response.status_code")))
                .isEqualTo(200);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(named("mail").getTraceId()).isEqualTo(TRACE);
        assertThat(named("mail").getParentSpanId()).isEqualTo(span.getSpanId());
    }

    @Test
    void whatTheApplicationThrowsIsInTheSpanAndItIsCurrentNoMore() {
        container.at("/broken", request -> {
            throw new IllegalStateException("broken");
        });
        FakeRouter.get(router.get(session, "/broken").failure);
        until("the span", () -> spans.getFinishedSpanItems().size() == 1);

        assertThat(named("GET").getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(named("GET").getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("java.lang.IllegalStateException");
        for (int i = 0; i < 2; i++) {
            assertThat(FakeRouter.get(CompletableFuture.supplyAsync(
                            () -> Span.current().getSpanContext().isValid(), pool)))
                    .isFalse();
        }
    }

    private SpanData named(String name) {
        return spans.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
