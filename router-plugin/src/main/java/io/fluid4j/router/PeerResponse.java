/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Usage;
import io.fluid4j.tunnel.InboundStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The response to a forwarded request: what an exchange writes becomes frames of the stream. One write at a time, as
 * with Jetty's own.
 */
final class PeerResponse implements Response {

    private static final ThreadLocal<HeadWriter> HEADS = ThreadLocal.withInitial(HeadWriter::new);

    private final PeerRequest request;
    private final InboundStream stream;
    private HttpFields.Mutable headers = HttpFields.build();
    private int status;
    private @Nullable Supplier<HttpFields> trailers;
    private Supplier<@Nullable Usage> usage = () -> null;
    private volatile boolean committed;
    private volatile boolean last;
    private volatile boolean complete;

    PeerResponse(PeerRequest request, InboundStream stream) {
        this.request = request;
        this.stream = stream;
    }

    /** Where the last word on usage comes from. */
    void usage(Supplier<@Nullable Usage> source) {
        usage = source;
    }

    /** Ends the stream, well or badly. */
    Callback completion() {
        return new Callback() {
            @Override
            public void succeeded() {
                complete = true;
                stream.completed(usage.get());
            }

            @Override
            public void failed(Throwable cause) {
                if (!stream.cancelled()) {
                    stream.started();
                    stream.fail(ErrorCode.INTERNAL, "the response is not complete");
                }
                stream.completed(usage.get());
            }

            @Override
            public InvocationType getInvocationType() {
                return InvocationType.NON_BLOCKING;
            }
        };
    }

    @Override
    public void write(boolean isLast, @Nullable ByteBuffer content, Callback callback) {
        HeadWriter head = null;
        HeadWriter end = null;
        try {
            if (!committed) {
                head = head();
            }
            Supplier<HttpFields> withTrailers = trailers;
            if (isLast && withTrailers != null) {
                end = trailers(withTrailers.get());
            }
        } catch (IllegalArgumentException e) {
            callback.failed(e);
            return;
        }
        // What is answered without an instance has not been said to have started yet.
        request.started();
        committed = true;
        last = isLast;
        stream.send(head, content, isLast, end, callback);
    }

    private HeadWriter head() {
        HeadWriter head = HEADS.get();
        head.response(status, headers.getLongField(HttpHeader.CONTENT_LENGTH));
        add(headers, head);
        return head;
    }

    private static void add(HttpFields fields, HeadWriter to) {
        for (HttpField field : fields) {
            String name = field.getName();
            String value = field.getValue();
            // Every router says the id itself.
            if (value != null
                    && !HeadWriter.isForbiddenInResponse(name)
                    && !name.equalsIgnoreCase(RouterContext.REQUEST_ID)) {
                to.field(name, value);
            }
        }
    }

    /** They are borrowed until the write completes, so they have a writer of their own. */
    private static @Nullable HeadWriter trailers(@Nullable HttpFields fields) {
        if (fields == null || fields.size() == 0) {
            return null;
        }
        HeadWriter writer = new HeadWriter().trailers();
        for (HttpField field : fields) {
            String value = field.getValue();
            if (value != null && !HeadWriter.isForbiddenInTrailers(field.getName())) {
                writer.field(field.getName(), value);
            }
        }
        return writer.size() == 0 ? null : writer;
    }

    @Override
    public CompletableFuture<Void> writeInterim(int interim, HttpFields fields) {
        request.started();
        HeadWriter head = HEADS.get();
        try {
            head.response(interim, -1);
            add(fields, head);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        }
        stream.interim(head);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public Request getRequest() {
        return request;
    }

    @Override
    public int getStatus() {
        return status;
    }

    @Override
    public void setStatus(int code) {
        status = code;
    }

    @Override
    public HttpFields.Mutable getHeaders() {
        return headers;
    }

    @Override
    public @Nullable Supplier<HttpFields> getTrailersSupplier() {
        return trailers;
    }

    @Override
    public void setTrailersSupplier(@Nullable Supplier<HttpFields> supplier) {
        trailers = supplier;
    }

    @Override
    public boolean isCommitted() {
        return committed;
    }

    @Override
    public boolean hasLastWrite() {
        return last;
    }

    @Override
    public boolean isCompletedSuccessfully() {
        return complete;
    }

    @Override
    public void reset() {
        headers = HttpFields.build();
        trailers = null;
        status = 0;
    }
}
