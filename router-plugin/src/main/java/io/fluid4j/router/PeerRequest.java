/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.TlsInfo;
import io.fluid4j.tunnel.InboundStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.Retainable;
import org.eclipse.jetty.server.Components;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Session;
import org.eclipse.jetty.server.TunnelSupport;
import org.eclipse.jetty.util.Attributes;
import org.jspecify.annotations.Nullable;

/**
 * A request that another router has forwarded, in the shape in which an exchange takes those of clients. What has no
 * meaning here (contexts, sessions, pushes) is not there. Reading is for the exchange; the events of the stream come
 * from its reader thread.
 */
final class PeerRequest extends Attributes.Lazy implements Request, InboundStream.Listener {

    /** A router that does not hold the function is not asked again until the resolver has had time to say so. */
    private static final long NOT_HELD_MILLIS = 1_000;
    /** One that is full may have room soon. */
    private static final long FULL_MILLIS = 100;

    private final InboundStream stream;
    private final RequestHead head;
    private final String from;
    private final boolean tooOften;
    private final boolean own;
    private final HttpURI uri;
    private final HttpFields headers;
    private final PeerConnection connection;
    private final long beganNanos = System.nanoTime();
    private volatile @Nullable Consumer<Throwable> onFailure;
    private volatile @Nullable Throwable failure;
    private volatile @Nullable Runnable demanded;
    private boolean continues;

    /**
     * A request.
     *
     * @param stream where it came
     * @param head what it is
     * @param from the router that has forwarded it
     * @param self this router
     * @throws IllegalArgumentException when its target is none
     */
    PeerRequest(InboundStream stream, RequestHead head, String from, String self) {
        this.stream = stream;
        this.head = head;
        this.from = from;
        String passed = head.routersPassed();
        this.tooOften = passed != null && passed.indexOf(',') >= 0;
        this.own = self.equals(passed);
        this.uri = HttpURI.from(head.method(), new String(head.target(), StandardCharsets.UTF_8));
        HttpFields.Mutable fields = HttpFields.build();
        Fields.Cursor cursor = head.fields().cursor();
        while (cursor.next()) {
            fields.add(cursor.name(), cursor.value());
        }
        this.headers = fields.asImmutable();
        this.continues = headers.contains(HttpHeader.EXPECT);
        this.connection = new PeerConnection(stream.id(), head);
    }

    RequestHead head() {
        return head;
    }

    /** The router that has forwarded it. */
    String from() {
        return from;
    }

    /** True when this very router has forwarded it: a stale record has led it to itself. */
    boolean ownRequest() {
        return own;
    }

    /** True when more than one router has passed it on: there is never more than one hop. */
    boolean hopsTooOften() {
        return tooOften;
    }

    /** Time to the start of the response: what the other router leaves, at most that of this one. */
    long timeoutNanos(long own) {
        long left = head.deadlineMillis();
        return left == 0 ? own : Math.min(own, left * 1_000_000L);
    }

    /** The TLS data of the client's connection to the first router; null when it was none. */
    @Nullable
    ClientTls tls() {
        TlsInfo info = head.tls();
        return info == null ? null : new ClientTls(info, head.clientCertificates());
    }

    /** The request has started at an instance. */
    void started() {
        stream.started();
    }

    /** Gives the request back where that lets the other router try elsewhere; false: it has to be answered. */
    boolean nack(Rejection rejection) {
        NackReason reason;
        long retryMillis = FULL_MILLIS;
        if (rejection.equals(Rejection.NO_INSTANCE) || rejection.equals(Rejection.DRAINING)) {
            reason = NackReason.DRAINING;
            retryMillis = NOT_HELD_MILLIS;
        } else if (rejection.equals(Rejection.ALL_NACKED)) {
            reason = NackReason.LIMIT;
        } else {
            return false;
        }
        return stream.tryNack(Nack.of(reason, retryMillis, 0));
    }

    // ---- of the stream ---------------------------------------------------------------------------------------

    @Override
    public void onContentAvailable() {
        Runnable task = demanded;
        demanded = null;
        if (task != null) {
            task.run();
        }
    }

    @Override
    public void onCancel(ErrorCode code, @Nullable Throwable cause) {
        Throwable why = cause == null ? new EofException(code.toString()) : cause;
        failure = why;
        fail(why);
    }

    // ---- of the request --------------------------------------------------------------------------------------

    @Override
    public Content.@Nullable Chunk read() {
        io.fluid4j.tunnel.Content content = stream.read();
        if (content == null) {
            return null;
        }
        Throwable broken = content.failure();
        if (broken != null) {
            return Content.Chunk.from(broken, true);
        }
        if (!content.last()) {
            return Content.Chunk.asChunk(content.data(), false, new Retainable.ReferenceCounter());
        }
        Fields trailers = content.trailers();
        HttpFields fields = trailers == null ? null : ResponseHeadDecoder.trailers(trailers);
        return fields == null ? Content.Chunk.EOF : new Trailers(fields);
    }

    @Override
    public void demand(Runnable task) {
        if (continues) {
            // The client's router waits for this before it asks for the body.
            continues = false;
            stream.interim(new HeadWriter().response(100, -1));
        }
        demanded = task;
        if (stream.demand()) {
            onContentAvailable();
        }
    }

    @Override
    public void addFailureListener(Consumer<Throwable> listener) {
        onFailure = listener;
        Throwable already = failure;
        if (already != null) {
            listener.accept(already);
        }
    }

    @Override
    public long getLength() {
        return head.endOfRequest() ? 0 : head.contentLength();
    }

    @Override
    public String getId() {
        return head.requestId();
    }

    @Override
    public ConnectionMetaData getConnectionMetaData() {
        return connection;
    }

    @Override
    public String getMethod() {
        return head.method();
    }

    @Override
    public HttpURI getHttpURI() {
        return uri;
    }

    @Override
    public HttpFields getHeaders() {
        return headers;
    }

    @Override
    public boolean isSecure() {
        return head.secure();
    }

    @Override
    public long getBeginNanoTime() {
        return beganNanos;
    }

    @Override
    public long getHeadersNanoTime() {
        return beganNanos;
    }

    @Override
    public void fail(Throwable cause) {
        Consumer<Throwable> told = onFailure;
        if (told != null) {
            told.accept(cause);
        }
    }

    /** Silence is looked after by the exchange itself. */
    @Override
    public void addIdleTimeoutListener(Predicate<TimeoutException> listener) {}

    @Override
    public @Nullable HttpFields getTrailers() {
        return null;
    }

    @Override
    public @Nullable TunnelSupport getTunnelSupport() {
        return null;
    }

    @Override
    public @Nullable Session getSession(boolean create) {
        return null;
    }

    @Override
    public Components getComponents() {
        throw new UnsupportedOperationException("a forwarded request has no components");
    }

    @Override
    public Context getContext() {
        throw new UnsupportedOperationException("a forwarded request has no context");
    }

    @Override
    public boolean consumeAvailable() {
        throw new UnsupportedOperationException("the exchange stops reading by itself");
    }

    @Override
    public void addHttpStreamWrapper(Function<HttpStream, HttpStream> wrapper) {
        throw new UnsupportedOperationException("a forwarded request has no HTTP stream");
    }
}
