/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.NackReason;
import io.fluid4j.trace.OpenTelemetryTracing;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The router's spans, made by the real SDK. */
class SpansTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";
    private static final String TRACED = "GET /a?secret=1 HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: test/1\r\n"
            + "TraceParent: 00-" + TRACE + "-" + PARENT + "-01\r\ntracestate: vendor=a\r\n";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .build();
    private Router router;
    private ScriptedInstance instance;
    private ScriptedInstance second;

    @AfterEach
    void stop() {
        if (instance != null) {
            instance.close();
        }
        if (second != null) {
            second.close();
        }
        if (router != null) {
            router.close();
        }
        sdk.close();
    }

    private void start(Consumer<ScriptedInstance.Call> script, String... more) throws Exception {
        router = Router.create(RequestPathTest.config(more), new OpenTelemetryTracing(sdk))
                .start();
        instance = new ScriptedInstance(router.tunnelPort(), "shop", script).connected();
        await().atMost(PATIENCE).until(() -> router.instances() == 1);
    }

    private RawClient.Answer ask(String head) throws Exception {
        try (RawClient client = new RawClient(router.httpPort())) {
            return client.send(head + "\r\n").answer();
        }
    }

    private String explained(String requestId) throws Exception {
        HttpRequest question = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + router.adminPort() + "/api/requests/" + requestId))
                .build();
        return HttpClient.newHttpClient()
                .send(question, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private SpanData only() {
        await().atMost(PATIENCE).until(() -> !spans.getFinishedSpanItems().isEmpty());
        assertThat(spans.getFinishedSpanItems()).hasSize(1);
        return spans.getFinishedSpanItems().get(0);
    }

    private static String text(SpanData span, String key) {
        return span.getAttributes().get(AttributeKey.stringKey(key));
    }

    private static Long number(SpanData span, String key) {
        return span.getAttributes().get(AttributeKey.longKey(key));
    }

    @Test
    void theSpanOfARequestLiesBetweenItsClientAndTheInstance() throws Exception {
        start(call -> call.answer(200, "ok"));
        RawClient.Answer answer = ask(TRACED);
        ScriptedInstance.Call call = instance.call();
        SpanData span = only();

        assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(span.getName()).isEqualTo("GET");
        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getParentSpanId()).isEqualTo(PARENT);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        String sent = "00-" + TRACE + "-" + span.getSpanId() + "-01";
        assertThat(call.field("traceparent")).isEqualTo(sent);
        assertThat(call.field("tracestate")).isEqualTo("vendor=a");
        int parents = 0;
        for (var field : call.head.fields()) {
            parents += field.name().equalsIgnoreCase("traceparent") ? 1 : 0;
        }
        assertThat(parents).as("the client's is replaced").isEqualTo(1);

        assertThat(text(span, "http.request.method")).isEqualTo("GET");
        assertThat(text(span, "url.path")).as("without the query").isEqualTo("/a");
        assertThat(text(span, "url.scheme")).isEqualTo("http");
        assertThat(text(span, "server.address")).isEqualTo("shop.example");
        assertThat(text(span, "user_agent.original")).isEqualTo("test/1");
        assertThat(text(span, "network.protocol.version")).isEqualTo("1.1");
        assertThat(number(span, "http.response.status_code")).isEqualTo(200);
        assertThat(text(span, "error.type")).isNull();
        assertThat(text(span, "fluid.function")).isEqualTo("shop");
        assertThat(text(span, "fluid.instance")).isEqualTo(instance.id);
        assertThat(number(span, "fluid.queue_ms")).isZero();
        assertThat(text(span, "fluid.request_id")).isEqualTo(answer.field("Fluid-Request-Id"));
        assertThat(span.getEvents()).isEmpty();
        assertThat(explained(answer.field("Fluid-Request-Id"))).contains(sent);
    }

    @Test
    void aReRoutedRequestIsOneSpanThatTellsOfTheNack() throws Exception {
        start(call -> call.nack(NackReason.MEMORY));
        second = new ScriptedInstance(router.tunnelPort(), "shop", call -> call.nack(NackReason.MEMORY)).connected();
        await().atMost(PATIENCE).until(() -> router.instances() == 2);
        // Whoever is asked first refuses, the other one serves.
        AtomicBoolean refused = new AtomicBoolean();
        Consumer<ScriptedInstance.Call> script = call -> {
            if (refused.compareAndSet(false, true)) {
                call.nack(NackReason.MEMORY);
            } else {
                call.answer(200, "ok");
            }
        };
        instance.script(script);
        second.script(script);

        assertThat(ask(TRACED).status()).isEqualTo(200);
        SpanData span = only();
        String served = text(span, "fluid.instance");
        String other = served.equals(instance.id) ? second.id : instance.id;
        assertThat(span.getEvents()).extracting(EventData::getName).containsExactly("fluid.nack", "fluid.reroute");
        var nack = span.getEvents().get(0).getAttributes();
        assertThat(nack.get(AttributeKey.stringKey("fluid.instance"))).isEqualTo(other);
        assertThat(nack.get(AttributeKey.stringKey("fluid.reason"))).isEqualTo("memory");
        assertThat(span.getEvents().get(1).getAttributes().get(AttributeKey.stringKey("fluid.instance")))
                .isEqualTo(served);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        String sent = "00-" + TRACE + "-" + span.getSpanId() + "-01";
        assertThat(instance.call().field("traceparent")).isEqualTo(sent);
        assertThat(second.call().field("traceparent")).isEqualTo(sent);
    }

    @Test
    void failuresAreMarkedAndRefusalsOfTheClientsFaultAreNot() throws Exception {
        start(call -> call.answer(500, "broken"));
        assertThat(ask(TRACED).status()).isEqualTo(500);
        assertThat(only().getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(text(only(), "error.type")).isEqualTo("500");

        spans.reset();
        instance.script(call -> {
            call.start().stream.fail(ErrorCode.INTERNAL, "broken");
            call.stream.completed(null);
        });
        assertThat(ask(TRACED).status()).isEqualTo(502);
        assertThat(text(only(), "error.type")).isEqualTo("instance-fault");
        assertThat(number(only(), "http.response.status_code")).isEqualTo(502);

        spans.reset();
        assertThat(ask("GET /../.. HTTP/1.1\r\nHost: a\r\n").status()).isEqualTo(400);
        assertThat(spans.getFinishedSpanItems())
                .allSatisfy(span -> assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET));
    }
}
