/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeaderTable;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.instance.ExchangeScope;
import org.eclipse.jetty.http.HostPortHttpField;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.jspecify.annotations.Nullable;

/** Turns what the frame layer decoded into Jetty's terms. Stateless. */
final class RequestMetaData {

    /** Jetty's constant for each name with an index, null where it has none. */
    private static final @Nullable HttpHeader[] BY_INDEX = new HttpHeader[HeaderTable.SIZE];

    private static final String TRACE_PARENT = "traceparent";
    private static final String TRACE_STATE = "tracestate";

    /** Host, Content-Length and the trace context come on top of the fields of the head. */
    private static final int TYPED_FIELDS = 4;

    static {
        for (int index = 1; index < HeaderTable.SIZE; index++) {
            BY_INDEX[index] = HttpHeader.CACHE.get(HeaderTable.name(index));
        }
    }

    private RequestMetaData() {}

    /**
     * The request as Jetty wants it. The target stays raw: Jetty decodes and normalises it by its own rules.
     *
     * @throws RuntimeException when authority or target are not what Jetty takes; the request is a bad one then
     */
    static MetaData.Request of(RequestHead head, ExchangeScope scope, long beginNanos) {
        HttpFields.Mutable fields = HttpFields.build(head.fields().size() + TYPED_FIELDS);
        String authority = head.authority();
        HostPortHttpField host = authority.isEmpty() ? null : new HostPortHttpField(authority);
        if (host != null) {
            fields.add(host);
        }
        add(fields, head.fields());
        long contentLength = contentLength(head);
        if (contentLength >= 0) {
            fields.add(new HttpField.LongValueHttpField(HttpHeader.CONTENT_LENGTH, contentLength));
        }
        String traceParent = scope.traceParent();
        if (traceParent != null) {
            fields.remove(TRACE_PARENT).remove(TRACE_STATE);
            addTrace(fields, TRACE_PARENT, traceParent);
            addTrace(fields, TRACE_STATE, scope.traceState());
        } else {
            addTrace(fields, TRACE_PARENT, head.traceParent());
            addTrace(fields, TRACE_STATE, head.traceState());
        }
        return new MetaData.Request(
                beginNanos,
                head.method(),
                head.scheme(),
                host,
                head.targetString(),
                HttpVersion.HTTP_1_1,
                fields,
                contentLength);
    }

    /** Trailers of a request. */
    static HttpFields trailers(Fields trailers) {
        HttpFields.Mutable fields = HttpFields.build(trailers.size());
        add(fields, trailers);
        return fields.asImmutable();
    }

    /**
     * The announced length. The head says 0 for a request without a body (P-5.20) whether or not its client wrote so; a
     * client writes it with the methods whose meaning includes a body (RFC 9110 section 8.6), and not with the others.
     */
    private static long contentLength(RequestHead head) {
        long announced = head.contentLength();
        if (announced != 0 || !head.endOfRequest()) {
            return announced;
        }
        return switch (head.method()) {
            case "POST", "PUT", "PATCH" -> 0;
            default -> -1;
        };
    }

    private static void add(HttpFields.Mutable to, Fields from) {
        Fields.Cursor cursor = from.cursor();
        while (cursor.next()) {
            int index = cursor.index();
            HttpHeader known = index == HeaderTable.NONE ? null : BY_INDEX[index];
            to.add(known != null ? new HttpField(known, cursor.value()) : new HttpField(cursor.name(), cursor.value()));
        }
    }

    private static void addTrace(HttpFields.Mutable fields, String name, @Nullable String value) {
        if (value != null && !value.isEmpty() && !fields.contains(name)) {
            fields.add(new HttpField(name, value));
        }
    }
}
