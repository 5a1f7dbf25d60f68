/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Usage;
import io.fluid4j.router.fleet.Target;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.StreamFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way: select → dispatch → nack → select again → respond → account. All its events, from the
 * client, the tunnel and the clock, run one after another inside its {@link Serial}; none blocks.
 *
 * <pre>
 *   NEW → WAITING ⇄ SENT → RESPONDING → DONE
 *   NEW → SENT          NEW, WAITING, SENT → DONE   (rejected, client gone, timed out)
 * </pre>
 *
 * <p>DONE is the client's end. The instance's slot is given back when the work behind the stream has ended, which may
 * be later (PROTOCOL.md P-5.6, P-5.10).
 */
final class RouterExchange implements ClientWatch, Consumer<Throwable>, RequestBody.Owner, ResponseBody.Owner {

    /** Where the exchange is. */
    enum Phase {
        NEW,
        WAITING,
        SENT,
        RESPONDING,
        DONE
    }

    private static final long NEVER = Long.MAX_VALUE;
    /** How long a client that has its response may go on with a body that nobody reads. */
    private static final long LINGER_NANOS = 2_000_000_000L;

    private final RouterContext context;
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final Serial serial = new Serial();
    private final ResponseBody responseBody;
    private final ExchangeOutcome outcome;
    private final long beganNanos;
    /** Where it is in {@link LiveExchanges}; guarded by the stripe. */
    final int stripe;

    @Nullable
    RouterExchange nextLive;

    @Nullable
    RouterExchange previousLive;

    private Phase phase = Phase.NEW;
    private final Dispatching dispatching;
    private @Nullable RequestBody requestBody;
    private @Nullable HalfCloseProbe probe;
    private boolean lingering;

    /** When the sweep has to look at it next; nanoseconds. Read by the sweep without entering. */
    private volatile long deadline = NEVER;
    /** When octets moved last; for the idle timeout. */
    private volatile long movedNanos;

    private volatile boolean idleCounts;

    RouterExchange(RouterContext context, Request request, Response response, Callback callback) {
        this.context = context;
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.responseBody = new ResponseBody(this, serial, response);
        this.beganNanos = context.clock().nanos();
        this.outcome = new ExchangeOutcome(request, beganNanos);
        this.dispatching = new Dispatching(this, context, outcome);
        this.movedNanos = beganNanos;
        this.stripe = System.identityHashCode(request);
    }

    // ---- begin -----------------------------------------------------------------------------------------------

    /** Called once, by the thread that handles the request. */
    void start() {
        context.live().add(this);
        if (!serial.enter()) {
            throw new IllegalStateException("nobody else knows this exchange yet");
        }
        try {
            context.listener().onBegin(outcome);
            Rejection rejection = Intake.check(context, request, outcome);
            if (rejection != null) {
                reject(rejection);
            } else {
                begin();
            }
        } finally {
            serial.exit();
        }
    }

    private void begin() {
        group().retries().onRequest();
        deadline = requestDeadline();
        request.addIdleTimeoutListener(RouterExchange::isIdle);
        request.addFailureListener(this);
        requestBody = RequestBody.of(this, serial, request, context.limits().maxBodyBytes(), context.maxReplayBytes());
        if (requestBody == null) {
            onBodyRead();
        }
        if (phase == Phase.DONE) {
            return;
        }
        dispatching.start(requestBody);
    }

    /** The connection looks after its own silence between requests; during one the router's timeouts count. */
    private static boolean isIdle(TimeoutException timeout) {
        return false;
    }

    // ---- what the instance says ------------------------------------------------------------------------------

    /** True while this is the instance that the response comes from. */
    boolean asks(SentRequest one) {
        return phase != Phase.DONE && dispatching.asks(one);
    }

    void slotFree() {
        context.onSlotFree(group());
    }

    void countNack(Target by, Nack nack) {
        if (by instanceof Instance instance) {
            context.onNack(instance, nack);
        }
    }

    /** Whose request it is, for taking turns: the client's address. */
    Object client() {
        InetAddress remote = outcome.facts().remote();
        return remote == null ? "" : remote;
    }

    /** When something of the response came last. */
    long movedNanos() {
        return movedNanos;
    }

    /** The request has started: it will never be sent elsewhere. */
    void onStarted() {
        RequestBody body = requestBody;
        if (body != null) {
            body.started();
        }
        if (request instanceof PeerRequest peer) {
            peer.started();
        }
    }

    void onNacked(Target by, Nack nack) {
        dispatching.onNacked(by, nack);
    }

    void onInterim(OutboundStream from, ResponseHead head) {
        if (phase != Phase.SENT) {
            return;
        }
        if (head.status() == 100) {
            // Jetty sends its own when it is asked for the body: never both.
            dispatching.sendBody(from);
        } else if (request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_0) {
            HttpFields.Mutable fields = HttpFields.build();
            context.responseHeads().decode(head, fields);
            writeInterim(head.status(), fields);
        }
    }

    void onResponse(OutboundStream from, ResponseHead head) {
        if (head.status() == 101) {
            from.cancel(ErrorCode.PROTOCOL);
            fail(Rejection.INSTANCE_FAULT, ExchangeEnding.INSTANCE_FAULT);
            return;
        }
        phase = Phase.RESPONDING;
        deadline = NEVER;
        idleCounts = true;
        long now = context.clock().nanos();
        movedNanos = now;
        outcome.responds(head.status(), now);
        boolean lengthUnknown = ResponseHeadPassing.pass(
                head, outcome.facts(), context, request, response, responseBody, outcome.peer() != null);
        responseBody.start(from, lengthUnknown);
    }

    void onBody(ByteBuffer slice, Retainable owner) {
        movedNanos = context.clock().nanos();
        responseBody.onBody(slice, owner);
    }

    void onBatchEnd() {
        if (phase == Phase.RESPONDING) {
            responseBody.flush();
        }
    }

    void onResponseEnd(Fields trailers) {
        responseBody.onEnd(ResponseHeadDecoder.trailers(trailers));
    }

    void onUsage(Usage total, @Nullable Usage before) {
        outcome.used(total);
        context.listener().onUsage(outcome, total, before);
    }

    /** @param brokenOff true when the server has ended it, false when its response is garbled: that is passed on no further */
    void onFailed(Target by, StreamFailure failure, boolean brokenOff) {
        if (failure.notStarted() && phase == Phase.SENT) {
            dispatching.onNeverArrived(by);
        } else if (failure.tunnelLost()) {
            fail(Rejection.INSTANCE_LOST, ExchangeEnding.INSTANCE_LOST);
        } else if (phase == Phase.RESPONDING && brokenOff) {
            // P-5.7: what was committed before that reaches the client, also when both came in one read.
            responseBody.breakOff();
        } else if (failure.code() == ErrorCode.DEADLINE) {
            fail(Rejection.TIMEOUT, ExchangeEnding.TIMEOUT);
        } else {
            fail(Rejection.INSTANCE_FAULT, ExchangeEnding.INSTANCE_FAULT);
        }
    }

    // ---- ends ------------------------------------------------------------------------------------------------

    @Override
    public void onWritten() {
        if (phase == Phase.DONE) {
            return;
        }
        finish();
        RequestBody body = requestBody;
        if (body != null) {
            body.stop();
            if (lingers(body)) {
                return;
            }
        }
        complete(null);
    }

    @Override
    public void onBrokenOff() {
        if (phase != Phase.DONE) {
            abort(ExchangeEnding.INSTANCE_FAULT, new EofException(Rejection.INSTANCE_FAULT.detail()));
        }
    }

    /** Jetty calls it a fault to complete a request whose body is awaited; the client has its response. */
    private boolean lingers(RequestBody body) {
        if (body.demanding() && !(request instanceof PeerRequest)) {
            lingering = true;
            deadline = context.clock().nanos() + LINGER_NANOS;
        }
        return lingering;
    }

    /** The router answers itself; before the response has begun. */
    void reject(Rejection rejection) {
        outcome.status(rejection.status());
        leaveQueue();
        RequestBody body = requestBody;
        if (body != null) {
            body.stop();
        }
        if (outcome.ending() == ExchangeEnding.COMPLETE) {
            outcome.ending(ExchangeEnding.REJECTED);
        }
        finish();
        if (body != null && lingers(body)) {
            context.errors().write(outcome, rejection, request, response, Callback.NOOP);
            return;
        }
        context.live().remove(this);
        context.errors().write(outcome, rejection, request, response, callback);
    }

    /** No complete response will come: an answer of the router before the first octet, an abort after. */
    private void fail(Rejection rejection, ExchangeEnding how) {
        if (response.isCommitted() || responseBody.writing()) {
            abort(how, new EofException(rejection.detail()));
        } else {
            outcome.ending(how);
            responseBody.stop();
            response.reset();
            reject(rejection);
        }
    }

    /** Ends the client's side so that nothing looks complete. */
    private void abort(ExchangeEnding how, Throwable cause) {
        responseBody.stop();
        RequestBody body = requestBody;
        if (body != null) {
            body.stop();
        }
        outcome.ending(how);
        finish();
        complete(cause);
    }

    /** The client's end: told once, with everything that is known. */
    private void finish() {
        if (phase == Phase.DONE) {
            return;
        }
        phase = Phase.DONE;
        deadline = NEVER;
        idleCounts = false;
        outcome.ended(context.clock().nanos(), requestBody == null ? 0 : requestBody.bytes(), responseBody.bytes());
        context.listener().onEnd(outcome);
    }

    private void complete(@Nullable Throwable failure) {
        lingering = false;
        context.live().remove(this);
        if (failure == null) {
            callback.succeeded();
        } else {
            callback.failed(failure);
        }
    }

    private void leaveQueue() {
        if (phase == Phase.WAITING) {
            group().waiting().remove(this);
        }
    }

    /** The router stops: what is still under way now is cut. */
    void shutDown() {
        serial.run(() -> {
            if (phase != Phase.DONE) {
                dispatching.cancel(ErrorCode.SHUTDOWN);
                fail(Rejection.DRAINING, ExchangeEnding.REJECTED);
            }
        });
    }

    // ---- what the client does --------------------------------------------------------------------------------

    @Override
    public void onProgress() {
        movedNanos = context.clock().nanos();
    }

    @Override
    public void onBodyRead() {
        if (lingering) {
            complete(null);
            return;
        }
        if (phase != Phase.DONE && request.getConnectionMetaData() instanceof ClientConnection connection) {
            connection.watch(this);
        }
    }

    @Override
    public void onBodyRejected(Rejection rejection) {
        dispatching.cancel(ErrorCode.CLIENT_GONE);
        fail(rejection, ExchangeEnding.REJECTED);
    }

    @Override
    public void onBodyFailed(Throwable cause) {
        clientGone(cause);
    }

    @Override
    public void onWriteFailed(Throwable cause) {
        clientGone(cause);
    }

    /** Jetty's word that the request has failed: reset, closed connection. */
    @Override
    public void accept(Throwable cause) {
        serial.run(() -> clientGone(cause));
    }

    @Override
    public void onClientGone(@Nullable Throwable cause) {
        serial.run(() -> clientGone(cause == null ? new EofException("client gone") : cause));
    }

    @Override
    public void onClientHalfClosed() {
        serial.run(() -> {
            HalfCloseProbe wondering = probe;
            if (wondering == null) {
                wondering = new HalfCloseProbe(request);
                probe = wondering;
            }
            if (phase == Phase.SENT || phase == Phase.WAITING) {
                deadline = wondering.before(deadline, context.clock().nanos());
            }
        });
    }

    private void clientGone(Throwable reason) {
        // Of the kind that Jetty does not warn of, line by line of the stack: clients may leave.
        Throwable cause = reason instanceof EofException ? reason : new EofException(reason);
        if (lingering) {
            complete(cause);
            return;
        }
        if (phase == Phase.DONE) {
            return;
        }
        leaveQueue();
        dispatching.cancel(ErrorCode.CLIENT_GONE);
        if (outcome.status() == 0) {
            outcome.status(RouterContext.STATUS_CLIENT_GONE);
        }
        abort(ExchangeEnding.CLIENT_ABORT, cause);
    }

    // ---- what the clock says ---------------------------------------------------------------------------------

    /** Whether the sweep should call {@link #onDue}; a cheap look from outside. */
    boolean due(long nowNanos) {
        return (deadline != NEVER && nowNanos - deadline >= 0)
                || (idleCounts && nowNanos - movedNanos >= context.idleTimeoutNanos());
    }

    void onDue() {
        serial.run(this::lookAtTheClock);
    }

    private void lookAtTheClock() {
        long now = context.clock().nanos();
        if (!due(now)) {
            return;
        }
        if (lingering) {
            complete(new EofException("the client goes on with a body that nobody reads"));
        } else if (phase == Phase.RESPONDING) {
            dispatching.cancel(ErrorCode.TIMEOUT);
            abort(ExchangeEnding.TIMEOUT, new TimeoutException("silent stream"));
        } else if (now - requestDeadline() >= 0) {
            Instance at = outcome.instance();
            if (at != null) {
                at.standing().failed();
            }
            dispatching.cancel(ErrorCode.DEADLINE);
            fail(Rejection.TIMEOUT, ExchangeEnding.TIMEOUT);
        } else if (phase == Phase.WAITING && now - dispatching.waitDeadline() >= 0) {
            dispatching.onWaitOver();
        } else if (probe != null && (phase == Phase.SENT || phase == Phase.WAITING)) {
            lookForClient(probe, now);
        }
    }

    private void lookForClient(HalfCloseProbe wondering, long now) {
        wondering.looked();
        deadline = wondering.before(phase == Phase.WAITING ? dispatching.waitDeadline() : requestDeadline(), now);
        writeInterim(102, HttpFields.EMPTY);
    }

    long requestDeadline() {
        long own = context.requestTimeoutNanos();
        return beganNanos + (request instanceof PeerRequest peer ? peer.timeoutNanos(own) : own);
    }

    /** An interim response that cannot be written any more says that the client has gone. */
    private void writeInterim(int interim, HttpFields fields) {
        CompletableFuture<Void> written = response.writeInterim(interim, fields);
        var unused = written.exceptionally(failure -> {
            if (failure instanceof IOException) {
                accept(failure);
            }
            return null;
        });
    }

    // ---- for the parts of the exchange -----------------------------------------------------------------------

    Phase phase() {
        return phase;
    }

    /** A step of {@link Dispatching}, and when the clock has to be asked next. */
    void phase(Phase next, long deadlineNanos) {
        phase = next;
        deadline = deadlineNanos;
    }

    long deadline() {
        return deadline;
    }

    Request request() {
        return request;
    }

    /** What the instance has said last that it used; null when it has said nothing. */
    @Nullable
    Usage usage() {
        return outcome.usage();
    }

    Serial serial() {
        return serial;
    }

    /** See {@link Dispatching#resume}. */
    boolean resume(WaitQueue.Turn<RouterExchange> turn) {
        return dispatching.resume(turn);
    }

    /** See {@link Dispatching#lane}. */
    Object lane() {
        return dispatching.lane();
    }

    private FunctionGroup group() {
        return outcome.group();
    }
}
