/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With the real SDK, and without it. */
class TracingTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .build();
    private final Tracing tracing = new OpenTelemetryTracing(sdk);

    @AfterEach
    void close() {
        GlobalOpenTelemetry.resetForTest();
        sdk.close();
    }

    private SpanData only() {
        assertThat(spans.getFinishedSpanItems()).hasSize(1);
        return spans.getFinishedSpanItems().get(0);
    }

    @Test
    @SuppressWarnings("try") // It is the body's surroundings that count.
    void theTraceOfTheRequestGoesOn() {
        RequestSpan span = tracing.begin("GET", "00-" + TRACE + "-" + PARENT + "-01", "vendor=a");
        assertThat(span.traceParent())
                .matches("00-" + TRACE + "-[0-9a-f]{16}-01")
                .doesNotContain(PARENT);
        assertThat(span.traceState()).isEqualTo("vendor=a");
        try (RequestSpan.Current current = span.activate()) {
            assertThat(Span.current().getSpanContext().getTraceId()).isEqualTo(TRACE);
        }
        assertThat(Span.current().getSpanContext().isValid()).isFalse();
        span.event("fluid.nack", "fluid.reason", "memory");
        span.attribute("url.path", "/a");
        span.attribute("fluid.queue_ms", 3);
        span.failed("503");
        span.end();

        SpanData made = only();
        assertThat(made.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(made.getName()).isEqualTo("GET");
        assertThat(made.getTraceId()).isEqualTo(TRACE);
        assertThat(made.getParentSpanId()).isEqualTo(PARENT);
        assertThat(made.getParentSpanContext().isRemote()).isTrue();
        assertThat(made.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(made.getAttributes().get(AttributeKey.stringKey("http.request.method")))
                .isEqualTo("GET");
        assertThat(made.getAttributes().get(AttributeKey.longKey("fluid.queue_ms")))
                .isEqualTo(3);
        assertThat(made.getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("503");
        assertThat(made.getEvents()).hasSize(1);
        assertThat(made.getEvents().get(0).getAttributes().get(AttributeKey.stringKey("fluid.reason")))
                .isEqualTo("memory");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "rubbish", "00-" + TRACE + "-0000000000000000-01", "00-" + TRACE + "-xyz-01"})
    void withoutAWellFormedParentATraceBegins(String traceParent) {
        RequestSpan span = tracing.begin("GET", traceParent, null);
        span.end();
        assertThat(only().getParentSpanContext().isValid()).isFalse();
        assertThat(only().getTraceId()).isNotEqualTo(TRACE);
        assertThat(span.traceState()).isEmpty();
    }

    @Test
    @SuppressWarnings("try")
    void whoHasLookedAtTheRequestBeforeIsTheParent() {
        Span before = sdk.getTracer("server").spanBuilder("before").startSpan();
        try (var scope = before.makeCurrent()) {
            tracing.begin("GET", "00-" + TRACE + "-" + PARENT + "-01", null).end();
        }
        before.end();
        assertThat(spans.getFinishedSpanItems().get(0).getParentSpanId())
                .isEqualTo(before.getSpanContext().getSpanId());
    }

    @Test
    void aMethodThatAClientInventsNamesNoSpan() {
        tracing.begin("BREW", null, null).end();
        assertThat(only().getName()).isEqualTo("HTTP");
        assertThat(only().getAttributes().get(AttributeKey.stringKey("http.request.method")))
                .isEqualTo("_OTHER");
        assertThat(only().getAttributes().get(AttributeKey.stringKey("http.request.method_original")))
                .isEqualTo("BREW");
    }

    @Test
    void theGlobalInstanceIsUsedOnceSomebodyHasSetIt() {
        GlobalOpenTelemetry.resetForTest();
        Tracing installed = Tracing.installed();
        assertThat(installed).isNotNull();
        assertThat(installed.begin("GET", null, null)).isNull();
        assertThat(GlobalOpenTelemetry.isSet())
                .as("left to whoever configures it")
                .isFalse();
        GlobalOpenTelemetry.set(sdk);
        installed.begin("GET", null, null).end();
        assertThat(only().getName()).isEqualTo("GET");
    }

    @Test
    void withoutTheApiThereIsNothing() throws Exception {
        URL own = Tracing.class.getProtectionDomain().getCodeSource().getLocation();
        try (URLClassLoader bare = new URLClassLoader(new URL[] {own}, ClassLoader.getPlatformClassLoader())) {
            assertThat(inside(bare)).isNull();
        }
        URL api =
                GlobalOpenTelemetry.class.getProtectionDomain().getCodeSource().getLocation();
        URL context = io.opentelemetry.context.Context.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation();
        URL common = Class.forName("io.opentelemetry.common.ComponentLoader")
                .getProtectionDomain()
                .getCodeSource()
                .getLocation();
        List<URL> all = List.of(own, api, context, common);
        try (URLClassLoader with = new URLClassLoader(all.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            assertThat(inside(with)).isNotNull();
        }
    }

    private static Object inside(ClassLoader loader) throws ReflectiveOperationException {
        Class<?> tracing = Class.forName(Tracing.class.getName(), true, loader);
        assertThat(tracing).isNotSameAs(Tracing.class);
        return tracing.getMethod("installed").invoke(null);
    }
}
