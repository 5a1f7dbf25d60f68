/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.trace;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Spans of OpenTelemetry's global instance. That one belongs to whoever configures it, possibly after the server has
 * started: until it is there no spans are made, and it is never set from here but where its own switch asks for that.
 */
public final class OpenTelemetryTracing implements Tracing {

    private static final String SCOPE = "io.fluid4j";
    private static final String AUTO_PROPERTY = "otel.java.global-autoconfigure.enabled";
    private static final String AUTO_VARIABLE = "OTEL_JAVA_GLOBAL_AUTOCONFIGURE_ENABLED";

    private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
    private static final AttributeKey<String> ORIGINAL_METHOD = AttributeKey.stringKey("http.request.method_original");

    /** Those that clients invent would give a name to a span each. */
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

    private volatile @Nullable Tracer tracer;

    /**
     * Of another instance than the global one.
     *
     * @param instance the SDK
     */
    public OpenTelemetryTracing(OpenTelemetry instance) {
        tracer = instance.getTracer(SCOPE);
    }

    /** Of the global instance. */
    OpenTelemetryTracing() {
        if (Boolean.parseBoolean(System.getProperty(AUTO_PROPERTY, System.getenv(AUTO_VARIABLE)))) {
            tracer = GlobalOpenTelemetry.get().getTracer(SCOPE);
        }
    }

    private @Nullable Tracer tracer() {
        Tracer known = tracer;
        if (known == null && GlobalOpenTelemetry.isSet()) {
            OpenTelemetry global = GlobalOpenTelemetry.get();
            known = global.getTracer(SCOPE);
            tracer = known;
        }
        return known;
    }

    @Override
    public @Nullable RequestSpan begin(String method, @Nullable String traceParent, @Nullable String traceState) {
        Tracer of = tracer();
        if (of == null) {
            return null;
        }
        Context parent = Context.current();
        if (!Span.fromContext(parent).getSpanContext().isValid()) {
            parent = W3C.extract(parent, new Incoming(traceParent, traceState), Incoming.GETTER);
        }
        boolean known = METHODS.contains(method);
        SpanBuilder builder = of.spanBuilder(known ? method : "HTTP")
                .setParent(parent)
                .setSpanKind(SpanKind.SERVER)
                .setAttribute(METHOD, known ? method : "_OTHER");
        if (!known) {
            builder.setAttribute(ORIGINAL_METHOD, method);
        }
        Span span = builder.startSpan();
        return span.getSpanContext().isValid() ? new Begun(span, parent.with(span)) : null;
    }

    /** The two fields of a request. */
    private record Incoming(
            @Nullable String traceParent, @Nullable String traceState) {

        static final TextMapGetter<Incoming> GETTER = new TextMapGetter<>() {
            @Override
            public Iterable<String> keys(Incoming carrier) {
                return List.of(TRACE_PARENT, TRACE_STATE);
            }

            @Override
            public @Nullable String get(@Nullable Incoming carrier, String key) {
                if (carrier == null) {
                    return null;
                }
                return key.equals(TRACE_PARENT) ? carrier.traceParent : carrier.traceState;
            }
        };
    }

    /** What goes on with the request. */
    private static final class Outgoing {
        private String traceParent = "";
        private String traceState = "";

        private void set(String key, String value) {
            if (key.equals(TRACE_PARENT)) {
                traceParent = value;
            } else if (key.equals(TRACE_STATE)) {
                traceState = value;
            }
        }
    }

    private static final class Begun implements RequestSpan {

        private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

        private final Span span;
        private final Context context;
        private final Outgoing outgoing = new Outgoing();

        private Begun(Span span, Context context) {
            this.span = span;
            this.context = context;
            W3C.inject(context, outgoing, (carrier, key, value) -> {
                if (carrier != null) {
                    carrier.set(key, value);
                }
            });
        }

        @Override
        public String traceParent() {
            return outgoing.traceParent;
        }

        @Override
        public String traceState() {
            return outgoing.traceState;
        }

        @Override
        public void attribute(String key, String value) {
            span.setAttribute(key, value);
        }

        @Override
        public void attribute(String key, long value) {
            span.setAttribute(key, value);
        }

        @Override
        public void event(String name, String... attributes) {
            AttributesBuilder all = Attributes.builder();
            for (int i = 0; i + 1 < attributes.length; i += 2) {
                all.put(attributes[i], attributes[i + 1]);
            }
            span.addEvent(name, all.build());
        }

        @Override
        public void failed(String type) {
            span.setAttribute(ERROR_TYPE, type);
            span.setStatus(StatusCode.ERROR);
        }

        @Override
        @SuppressWarnings("MustBeClosedChecker") // Whoever made it current closes it.
        public Current activate() {
            Scope scope = context.makeCurrent();
            return scope::close;
        }

        @Override
        public void end() {
            span.end();
        }
    }
}
