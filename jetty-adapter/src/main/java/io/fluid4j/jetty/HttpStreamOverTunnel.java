/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.instance.Exchange;
import io.fluid4j.instance.ExchangeScope;
import io.fluid4j.tunnel.InboundStream;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.QuietException;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.NanoTime;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request on a stream of a tunnel, as Jetty's {@code HttpChannel} wants it.
 *
 * <p>Threads: {@link #run} and what it calls on a container thread; the {@link InboundStream.Listener} methods on the
 * reader thread, which runs no application code here (C-1): every task that may is handed to the container's executor.
 *
 * <pre>
 * LIVE ── succeeded, failed ──> ENDED       the channel goes back to the pool
 *   └──── onCancel ──> CANCELLED            the channel is dropped: late tasks of Jetty may still refer to it
 * </pre>
 */
final class HttpStreamOverTunnel implements HttpStream, Exchange {

    private static final Logger LOG = LoggerFactory.getLogger(HttpStreamOverTunnel.class);

    private static final int LIVE = 0;
    private static final int ENDED = 1;
    private static final int CANCELLED = 2;

    /** When servlets are told again of a cancel, see {@link FailureListeners}; the delay doubles each time. */
    private static final long FIRST_REMINDER_MILLIS = 50;

    private static final long MAX_REMINDER_MILLIS = 2_000;

    /** Servlet 6.1; the environments derive the other attributes from {@link ClientTls}. */
    private static final String SECURE_PROTOCOL_ATTRIBUTE = "jakarta.servlet.request.secure_protocol";

    private static final VarHandle STATE;
    private static final VarHandle DELIVERED;
    private static final VarHandle SLICES;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(HttpStreamOverTunnel.class, "state", int.class);
            DELIVERED = lookup.findVarHandle(HttpStreamOverTunnel.class, "delivered", boolean.class);
            SLICES = lookup.findVarHandle(HttpStreamOverTunnel.class, "slices", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final FluidConnector connector;
    private final InboundStream stream;
    private final RequestHead head;
    private final ExchangeScope scope;
    private final RequestBody body;
    private final ResponseSend sending;

    @SuppressWarnings("UnusedVariable") // By its handle.
    private volatile int state = LIVE;

    /** Whether Jetty was told of the cancel. */
    @SuppressWarnings("UnusedVariable") // By its handle.
    private volatile boolean delivered;

    /** Container threads inside this request, as far as this class sent them there. */
    @SuppressWarnings("UnusedVariable") // By its handle.
    private volatile int slices;

    /** The work has ended; nobody needs to hear of anything any more. */
    private volatile boolean ended;

    /** Jetty is past the point before which a failure would complete the request behind the handler's back. */
    private volatile boolean handling;

    private volatile @Nullable Throwable failure;
    private volatile @Nullable FailureListeners listeners;
    private volatile @Nullable StreamChannel channel;

    private volatile boolean committed;
    private boolean noBody;
    private long announcedBytes = -1;
    private long sentBytes;
    private @Nullable Supplier<HttpFields> trailers;
    private long idleTimeoutMillis;

    HttpStreamOverTunnel(FluidConnector connector, InboundStream stream, RequestHead head, ExchangeScope scope) {
        this.connector = connector;
        this.stream = stream;
        this.head = head;
        this.scope = scope;
        this.body = new RequestBody(stream);
        this.sending = new ResponseSend(this);
    }

    RequestHead head() {
        return head;
    }

    boolean secure() {
        return "https".equals(head.scheme());
    }

    ExchangeScope scope() {
        return scope;
    }

    String sessionName() {
        return "fluid-" + stream.session().id();
    }

    // --- From the instance runtime.

    @Override
    public void run() {
        Throwable gone = failure;
        if (gone != null) {
            end(gone);
            return;
        }
        if (head.upgrade() != null) {
            refuse(HttpStatus.NOT_IMPLEMENTED_501); // P-5.12
            return;
        }
        MetaData.Request request;
        try {
            request = RequestMetaData.of(head, scope, NanoTime.now());
        } catch (RuntimeException e) {
            LOG.debug("Bad request on stream {} of {}", stream.id(), sessionName(), e);
            refuse(HttpStatus.BAD_REQUEST_400);
            return;
        }
        StreamChannel taken = connector.takeChannel();
        taken.metaData().bind(this);
        taken.http().initialize();
        taken.http().setHttpStream(this);
        Runnable task = taken.http().onRequest(request);
        addAttributes(taken.http().getRequest());
        channel = taken;
        SLICES.getAndAdd(this, 1);
        try {
            task.run();
        } finally {
            leave();
        }
    }

    @Override
    public void onContentAvailable() {
        StreamChannel running = channel;
        if (running == null || state() != LIVE) {
            body.demandMet();
            return;
        }
        Runnable task = running.http().onContentAvailable();
        // Only now: until then the channel must not go to another stream.
        body.demandMet();
        dispatch(task);
    }

    @Override
    public void onCancel(ErrorCode code, @Nullable Throwable cause) {
        // The constructor with a cause is younger than 12.0.15.
        Throwable gone = new EofException("request cancelled: " + code).initCause(cause);
        failure = gone;
        body.fail(gone);
        if (STATE.compareAndSet(this, LIVE, CANCELLED) && handling) {
            deliver(gone);
        }
    }

    // --- From Jetty: the request.

    /**
     * The first customizer calls this when Jetty has begun to handle the request.
     *
     * @return the request to go on with
     */
    Request handling(Request request) {
        handling = true;
        Throwable gone = failure;
        if (gone != null) {
            DELIVERED.setVolatile(this, true);
            throw new Gone(gone);
        }
        return new TunnelRequest(request, this);
    }

    void failureListenerAdded(Consumer<Throwable> listener) {
        FailureListeners present = listeners;
        if (present == null) {
            present = new FailureListeners();
            listeners = present;
        }
        present.added(listener);
        Throwable gone = failure;
        if (gone != null) {
            // Jetty takes no listener after the failure, and tells this one nothing.
            remindAfter(FIRST_REMINDER_MILLIS);
        }
    }

    @Override
    public String getId() {
        return Integer.toString(stream.id());
    }

    @Override
    public Content.@Nullable Chunk read() {
        return body.read();
    }

    @Override
    public void demand() {
        if (body.demand()) {
            StreamChannel running = channel;
            dispatch(running == null ? null : running.http().onContentAvailable());
        }
    }

    /**
     * Takes what is there. Null also when more may come: the session discards that once the work has ended, and there is
     * no connection that could become unusable, which is what Jetty wants to know.
     */
    @Override
    public @Nullable Throwable consumeAvailable() {
        return body.consumeAvailable();
    }

    @Override
    public long getIdleTimeout() {
        return idleTimeoutMillis;
    }

    /** Kept, not enforced: the router watches idle streams (`fluid.stream-idle-timeout`). */
    @Override
    public void setIdleTimeout(long millis) {
        idleTimeoutMillis = millis;
    }

    // --- From Jetty: the response.

    @Override
    public void prepareResponse(HttpFields.Mutable headers) {}

    @Override
    public boolean isCommitted() {
        return committed;
    }

    @Override
    public void send(
            MetaData.Request request,
            MetaData.@Nullable Response response,
            boolean last,
            @Nullable ByteBuffer content,
            Callback callback) {
        Throwable gone = failure;
        if (gone != null) {
            callback.failed(gone);
            return;
        }
        HeadWriter encoded = null;
        HeadWriter encodedTrailers = null;
        try {
            if (response != null && HttpStatus.isInformational(response.getStatus())) {
                interim(response);
                callback.succeeded();
                return;
            }
            if (response != null) {
                encoded = commit(request, response);
            }
            if (last) {
                encodedTrailers = encodeTrailers();
            }
        } catch (RuntimeException e) {
            callback.failed(e);
            return;
        }
        ByteBuffer octets = BufferUtil.hasContent(content) ? content : null;
        if (noBody && octets != null) {
            BufferUtil.clear(octets);
            octets = null;
        }
        String wrong = octets == null && !last ? null : wrongLength(octets, last);
        if (wrong != null) {
            stream.fail(ErrorCode.LENGTH, wrong);
            callback.failed(new IOException(wrong));
            return;
        }
        if (encoded == null && octets == null && !last) {
            callback.succeeded();
            return;
        }
        sending.send(stream, encoded, octets, last, encodedTrailers, callback);
    }

    /**
     * Since Jetty 12.1, where it is abstract; so without {@code @Override}. The response is broken off, since what was
     * under way cannot be completed any more.
     *
     * @return fails what was under way and the application's callback
     */
    public Runnable cancelSend(Throwable cause, Callback applicationCallback) {
        return () -> {
            try {
                stream.fail(ErrorCode.INTERNAL, "write cancelled");
                sending.failed(cause);
            } finally {
                applicationCallback.failed(cause);
            }
        };
    }

    /** Jetty has finished with the request. */
    @Override
    public void succeeded() {
        StreamChannel done = requireNonNull(channel, "channel");
        if (STATE.compareAndSet(this, LIVE, ENDED) && !body.demanding()) {
            done.http().recycle();
            done.metaData().unbind();
            connector.giveBack(done);
        }
        end(null);
    }

    /** The same after something went wrong, perhaps only after a complete error page. */
    @Override
    public void failed(Throwable cause) {
        STATE.compareAndSet(this, LIVE, ENDED);
        if (!sending.lastTaken()) {
            LOG.debug("Response on stream {} of {} broken off", stream.id(), sessionName(), cause);
            stream.fail(ErrorCode.INTERNAL, "response broken off");
        }
        end(cause);
    }

    // --- Tasks.

    /** Runs a task of Jetty: here when it does not block, else on the container's executor. */
    void dispatch(@Nullable Runnable task) {
        if (task == null) {
            return;
        }
        if (Invocable.getInvocationType(task) == Invocable.InvocationType.NON_BLOCKING) {
            task.run();
        } else {
            execute(task);
        }
    }

    private void execute(Runnable task) {
        Runnable slice = scope.slice(task);
        SLICES.getAndAdd(this, 1);
        try {
            connector.exchangeExecutor().execute(() -> {
                try {
                    slice.run();
                } finally {
                    leave();
                }
            });
        } catch (RejectedExecutionException e) {
            SLICES.getAndAdd(this, -1);
            LOG.warn("Stream {} of {} was cut: the server takes no more tasks", stream.id(), sessionName(), e);
            stream.fail(ErrorCode.SHUTDOWN, "server stops");
        }
    }

    private void leave() {
        if ((int) SLICES.getAndAdd(this, -1) == 1 && state() == CANCELLED && !ended) {
            sendReminder();
        }
    }

    /** Not counted among the slices: the end of a reminder is no occasion for the next one. */
    private void sendReminder() {
        try {
            connector.exchangeExecutor().execute(scope.slice(this::remind));
        } catch (RejectedExecutionException e) {
            LOG.debug("No reminder for stream {}: the server takes no more tasks", stream.id(), e);
        }
    }

    private int state() {
        return (int) STATE.getVolatile(this);
    }

    // --- Failure.

    private void deliver(Throwable gone) {
        if (DELIVERED.compareAndSet(this, false, true)) {
            dispatch(requireNonNull(channel, "channel").http().onRemoteFailure(gone));
            remindAfter(FIRST_REMINDER_MILLIS);
        }
    }

    /** For what {@link #leave} does not see: dispatches that Jetty sends to its pool by itself. */
    private void remindAfter(long millis) {
        if (!ended && connector.isRunning()) {
            connector.getScheduler().schedule(() -> reminderDue(millis), millis, TimeUnit.MILLISECONDS);
        }
    }

    private void reminderDue(long afterMillis) {
        if (!ended) {
            FailureListeners present = listeners;
            if (present != null && !present.isEmpty()) {
                sendReminder();
            }
            remindAfter(Math.min(2 * afterMillis, MAX_REMINDER_MILLIS));
        }
    }

    private void remind() {
        FailureListeners present = listeners;
        Throwable gone = failure;
        if (!ended && present != null && gone != null) {
            present.tell(gone);
        }
    }

    private void end(@Nullable Throwable cause) {
        ended = true;
        scope.completed(cause);
    }

    private void refuse(int status) {
        HeadWriter answer = new HeadWriter();
        ResponseHeads.encode(answer, status, 0, HttpFields.EMPTY);
        scope.responseStarted(status);
        stream.send(answer, null, true, null, Callback.NOOP);
        end(null);
    }

    // --- Encoding.

    private void addAttributes(Request request) {
        scope.requestAttributes().forEach(request::setAttribute);
        if (head.tls() != null || !head.clientCertificates().isEmpty()) {
            request.setAttribute(
                    EndPoint.SslSessionData.ATTRIBUTE, new ClientTls(head.tls(), head.clientCertificates()));
            if (head.tls() != null) {
                request.setAttribute(SECURE_PROTOCOL_ATTRIBUTE, head.tls().protocol());
            }
        }
    }

    private void interim(MetaData.Response response) {
        HeadWriter writer = requireNonNull(channel, "channel").head();
        if (response.getStatus() == HttpStatus.SWITCHING_PROTOCOLS_101) {
            throw new UnsupportedOperationException("streams of a tunnel cannot be upgraded");
        }
        ResponseHeads.encode(writer, response.getStatus(), -1, response.getHttpFields());
        stream.interim(writer);
    }

    private HeadWriter commit(MetaData.Request request, MetaData.Response response) {
        int status = response.getStatus();
        boolean empty = status == HttpStatus.NO_CONTENT_204 || status == HttpStatus.NOT_MODIFIED_304;
        noBody = empty || HttpMethod.HEAD.is(request.getMethod());
        // As Jetty's HTTP/1.1: a body of an announced length has no place for trailers.
        long length = response.getTrailersSupplier() == null ? response.getContentLength() : -1;
        HeadWriter writer = requireNonNull(channel, "channel").head();
        // Jetty puts a length of 0 on any head without content; with these statuses it would say something else.
        ResponseHeads.encode(writer, status, empty && length <= 0 ? -1 : length, response.getHttpFields());
        announcedBytes = noBody ? -1 : length;
        trailers = response.getTrailersSupplier();
        committed = true;
        scope.responseStarted(status);
        return writer;
    }

    private @Nullable HeadWriter encodeTrailers() {
        HttpFields fields = trailers == null ? null : trailers.get();
        if (fields == null || fields.size() == 0) {
            return null;
        }
        HeadWriter writer = requireNonNull(channel, "channel").trailers();
        ResponseHeads.trailers(writer, fields);
        return writer;
    }

    /** Jetty checks it too, but not on every path. */
    private @Nullable String wrongLength(@Nullable ByteBuffer octets, boolean last) {
        sentBytes += octets == null ? 0 : octets.remaining();
        boolean wrong = announcedBytes >= 0 && (sentBytes > announcedBytes || (last && sentBytes < announcedBytes));
        return wrong ? sentBytes + " octets of content (expected: " + announcedBytes + ")" : null;
    }

    /** The client was gone before the application ran. Without a stack trace: nobody is to blame. */
    private static final class Gone extends RuntimeException implements QuietException {
        private static final long serialVersionUID = 1;

        Gone(Throwable cause) {
            super(cause.getMessage(), cause, false, false);
        }
    }
}
