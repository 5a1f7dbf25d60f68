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
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Usage;
import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.StreamFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
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
final class RouterExchange implements Attempt, ClientWatch, Consumer<Throwable>, RequestBody.Owner, ResponseBody.Owner {

    /** An instance that has turned the request down, and why. */
    record Refusal(String instance, String reason, long afterNanos) {}

    /** The connection looks after its own silence between requests; during one the router's timeouts count. */
    private static boolean isIdle(TimeoutException timeout) {
        return false;
    }

    private enum Phase {
        NEW,
        WAITING,
        SENT,
        RESPONDING,
        DONE
    }

    /** How a request ended, for the access log. */
    enum Termination {
        COMPLETE,
        REJECTED,
        CLIENT_ABORT,
        INSTANCE_LOST,
        INSTANCE_FAULT,
        TIMEOUT,
        NACKED;

        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final long NEVER = Long.MAX_VALUE;
    /** First look whether a half-closed client is still there, and the second one; then twice as long each time. */
    private static final long FIRST_PROBE_NANOS = 250_000_000L;

    private static final long SECOND_PROBE_NANOS = 100_000_000L;
    private static final long MAX_PROBE_NANOS = 30_000_000_000L;
    /** How long a client that has its response may go on with a body that nobody reads. */
    private static final long LINGER_NANOS = 2_000_000_000L;

    private final RouterContext context;
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final Serial serial = new Serial();
    private final ResponseBody responseBody;
    private final long beganNanos;
    /** Where it is in {@link LiveExchanges}; guarded by the stripe. */
    final int stripe;

    @Nullable
    RouterExchange nextLive;

    @Nullable
    RouterExchange previousLive;

    private Phase phase = Phase.NEW;
    private @Nullable RequestFacts facts;
    private RouteTable.@Nullable Route route;
    private @Nullable FunctionGroup group;
    private @Nullable RequestBody requestBody;
    private @Nullable Sent sent;
    private @Nullable List<Instance> excluded;
    private @Nullable List<Nack> nacks;
    private @Nullable List<Refusal> refusals;
    private boolean expectsContinue;
    private boolean halfClosed;
    private boolean lingering;
    private boolean gone;
    private long probeNanos = FIRST_PROBE_NANOS;
    private int probes;
    private long firstByteNanos;
    private long waitedSinceNanos;
    private @Nullable Usage usage;
    private long accountedCpuNanos;
    private Termination termination = Termination.COMPLETE;
    private int status;

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
        this.movedNanos = beganNanos;
        this.stripe = System.identityHashCode(request);
    }

    // ---- guard and route -------------------------------------------------------------------------------------

    /** Called once, by the thread that handles the request. */
    void start() {
        context.live().add(this);
        if (!serial.enter()) {
            throw new IllegalStateException("nobody else knows this exchange yet");
        }
        try {
            Rejection rejection = guardAndRoute();
            if (rejection != null) {
                reject(rejection);
            } else {
                begin();
            }
        } finally {
            serial.exit();
        }
    }

    private @Nullable Rejection guardAndRoute() {
        Rejection rejection = context.guard().check(request);
        if (rejection != null) {
            return rejection;
        }
        if (request.getLength() > context.limits().maxBodyBytes()) {
            return Rejection.BODY_TOO_LARGE;
        }
        Object collected = RequestFacts.collect(request, context.proxies());
        if (collected instanceof Rejection refused) {
            return refused;
        }
        RequestFacts found = (RequestFacts) collected;
        facts = found;
        if (found.timesHere() >= context.limits().maxHops()) {
            return Rejection.LOOP;
        }
        RouteTable.Route to = context.route(Guard.host(found.authority()), found.path());
        if (to == null) {
            return context.instances().isEmpty() && context.routes().isEmpty()
                    ? Rejection.NO_INSTANCE
                    : Rejection.NOT_FOUND;
        }
        route = to;
        group = context.instances().group(to.function());
        return null;
    }

    private void begin() {
        FunctionGroup to = group();
        to.retries().onRequest();
        deadline = beganNanos + context.requestTimeoutNanos();
        request.addIdleTimeoutListener(RouterExchange::isIdle);
        request.addFailureListener(this);
        expectsContinue = request.getHeaders().contains(HttpHeader.EXPECT);
        readAhead();
        if (phase == Phase.DONE) {
            return;
        }
        if (to.waiting().size() > 0) {
            // First come first served: nobody overtakes those who wait.
            waitForInstance();
        } else {
            dispatch();
        }
    }

    /** Finds out whether there is a body at all. */
    private void readAhead() {
        HttpFields fields = request.getHeaders();
        long length = request.getLength();
        boolean http1 = http1();
        if (length == 0 || (length < 0 && http1 && !fields.contains(HttpHeader.TRANSFER_ENCODING))) {
            onBodyRead();
            return;
        }
        Content.Chunk first = null;
        if (!http1 && length < 0) {
            // HTTP/2 says with its first frame whether a body follows.
            first = request.read();
            if (first != null && first.isLast() && !first.hasRemaining() && !Content.Chunk.isFailure(first)) {
                first.release();
                onBodyRead();
                return;
            }
        }
        requestBody = new RequestBody(
                this, serial, request, context.limits().maxBodyBytes(), context.maxReplayBytes(), first);
    }

    private boolean http1() {
        HttpVersion version = request.getConnectionMetaData().getHttpVersion();
        return version == HttpVersion.HTTP_1_1 || version == HttpVersion.HTTP_1_0;
    }

    // ---- select and dispatch ---------------------------------------------------------------------------------

    private void dispatch() {
        FunctionGroup to = group();
        while (true) {
            Instance instance = to.pick(this, route().weights());
            if (instance == null) {
                waitForInstance();
                return;
            }
            RequestBody body = requestBody;
            long left = Math.max(1, (deadline - context.clock().nanos()) / 1_000_000L);
            HeadWriter head = RequestHeadEncoder.ofThread()
                    .encode(facts(), body == null ? 0 : request.getLength(), Math.min(left, 0xFFFF_FFFFL));
            if (head == null) {
                reject(Rejection.BAD_FIELD);
                return;
            }
            Sent now = new Sent(instance);
            sent = now;
            phase = Phase.SENT;
            OutboundStream stream = instance.open(head, body == null, now);
            if (stream != null) {
                if (now.stream == null) {
                    now.stream = stream;
                }
                if (sent == now && body != null && !expectsContinue) {
                    body.start(stream);
                }
                return;
            }
            sent = null;
            phase = Phase.NEW;
            exclude(instance);
        }
    }

    private void exclude(Instance instance) {
        if (excluded == null) {
            excluded = new ArrayList<>(2);
        }
        excluded.add(instance);
    }

    @Override
    public boolean excludes(Candidate candidate) {
        List<Instance> refused = excluded;
        if (refused != null) {
            for (int i = 0; i < refused.size(); i++) {
                if (refused.get(i) == candidate) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public int retries() {
        return nacks == null ? 0 : nacks.size();
    }

    private void waitForInstance() {
        FunctionGroup to = group();
        if (!to.recovering()) {
            reject(to.instances().isEmpty() ? Rejection.NO_INSTANCE : Rejection.DRAINING);
            return;
        }
        // Who has been everywhere once may try again where somebody has recovered.
        excluded = null;
        if (waitedSinceNanos == 0) {
            waitedSinceNanos = context.clock().nanos();
        }
        long left = waitedSinceNanos + context.maxWaitNanos() - context.clock().nanos();
        phase = Phase.WAITING;
        if (!to.waiting().offer(this, context.maxWaiting(), left)) {
            reject(allNacked());
            return;
        }
        deadline = Math.min(beganNanos + context.requestTimeoutNanos(), waitedSinceNanos + context.maxWaitNanos());
    }

    private Rejection allNacked() {
        termination = nacks == null ? termination : Termination.NACKED;
        return Rejection.ALL_NACKED;
    }

    /**
     * An instance may have become free for this request, which the caller has taken out of the queue.
     *
     * @return false when there was none after all: it is back in the queue, and others need not try
     */
    boolean resume() {
        if (!serial.enter()) {
            // Its own deadline is just being looked at; the next in the queue is as good.
            group().waiting().putBack(this);
            return false;
        }
        try {
            if (phase != Phase.WAITING) {
                return true;
            }
            FunctionGroup to = group();
            Instance free = to.pick(this, route().weights());
            if (free == null) {
                to.waiting().putBack(this);
                return false;
            }
            to.waiting().onServed();
            deadline = beganNanos + context.requestTimeoutNanos();
            dispatch();
            return true;
        } finally {
            serial.exit();
        }
    }

    /** A nack, or proof that it never arrived: the request is whole and may go elsewhere. */
    private void sendElsewhere(Instance refusing) {
        exclude(refusing);
        phase = Phase.NEW;
        RequestBody body = requestBody;
        if (body != null) {
            body.detach();
            if (!body.replayable()) {
                reject(allNacked());
                return;
            }
        }
        if (retries() >= context.maxAttempts() || !group().retries().tryRetry()) {
            reject(allNacked());
            return;
        }
        dispatch();
    }

    // ---- what the tunnel says --------------------------------------------------------------------------------

    /** The request on one instance. Late words of an instance that is no longer asked end here. */
    private final class Sent implements OutboundStream.Listener {
        private final Instance instance;
        private @Nullable OutboundStream stream;
        private boolean released;

        Sent(Instance instance) {
            this.instance = instance;
        }

        private boolean current() {
            return sent == this && phase != Phase.DONE;
        }

        /** The slot is free: the work behind the stream has ended. */
        private void release() {
            if (!released) {
                released = true;
                instance.released();
                context.onSlotFree(group());
            }
        }

        @Override
        public void onAccepted(OutboundStream from) {
            if (serial.enter()) {
                try {
                    started(from);
                } finally {
                    serial.exit();
                }
            } else {
                serial.leave(() -> started(from));
            }
        }

        private void started(OutboundStream from) {
            stream = from;
            RequestBody body = requestBody;
            if (current() && body != null) {
                body.started();
            }
        }

        @Override
        public void onNack(OutboundStream from, Nack nack) {
            serial.run(() -> nacked(nack));
        }

        private void nacked(Nack nack) {
            NackReason reason = nack.reason();
            context.onNack(instance, nack);
            release();
            if (!current()) {
                return;
            }
            sent = null;
            if (nacks == null) {
                nacks = new ArrayList<>(2);
            }
            nacks.add(nack);
            remember(instance, RouterMetrics.word(reason));
            if (reason == NackReason.NOT_DEPLOYED && everywhereNotDeployed()) {
                reject(Rejection.NOT_FOUND);
                return;
            }
            context.metrics().rerouted(reason);
            sendElsewhere(instance);
        }

        @Override
        public void onInterim(OutboundStream from, ResponseHead head) {
            serial.run(() -> interim(from, head));
        }

        private void interim(OutboundStream from, ResponseHead head) {
            started(from);
            if (!current() || phase != Phase.SENT) {
                return;
            }
            if (head.status() == 100) {
                // Jetty sends its own when it is asked for the body: never both.
                continueBody(from);
                return;
            }
            if (request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_0) {
                return;
            }
            HttpFields.Mutable fields = HttpFields.build();
            context.responseHeads().decode(head, fields);
            writeInterim(head.status(), fields);
        }

        private void continueBody(OutboundStream from) {
            RequestBody body = requestBody;
            if (expectsContinue && body != null) {
                expectsContinue = false;
                body.start(from);
            }
        }

        @Override
        public void onResponse(OutboundStream from, ResponseHead head) {
            if (serial.enter()) {
                try {
                    respond(from, head);
                } finally {
                    serial.exit();
                }
            } else {
                serial.leave(() -> respond(from, head));
            }
        }

        private void respond(OutboundStream from, ResponseHead head) {
            started(from);
            if (!current()) {
                return;
            }
            if (head.status() == 101) {
                from.cancel(ErrorCode.PROTOCOL);
                fail(Rejection.INSTANCE_FAULT, Termination.INSTANCE_FAULT);
                return;
            }
            phase = Phase.RESPONDING;
            deadline = NEVER;
            idleCounts = true;
            firstByteNanos = context.clock().nanos();
            movedNanos = firstByteNanos;
            status = head.status();
            writeHead(from, head);
        }

        @Override
        public void onBody(OutboundStream from, ByteBuffer slice, Retainable owner) {
            if (serial.enter()) {
                try {
                    body(slice, owner);
                } finally {
                    serial.exit();
                }
            } else {
                owner.retain();
                ByteBuffer kept = slice.slice();
                serial.leave(() -> {
                    body(kept, owner);
                    owner.release();
                });
            }
        }

        private void body(ByteBuffer slice, Retainable owner) {
            if (current()) {
                movedNanos = context.clock().nanos();
                responseBody.onBody(slice, owner);
            }
        }

        @Override
        public void onBatchEnd(OutboundStream from) {
            if (serial.enter()) {
                try {
                    batchEnd();
                } finally {
                    serial.exit();
                }
            } else {
                serial.leave(this::batchEnd);
            }
        }

        private void batchEnd() {
            if (current() && phase == Phase.RESPONDING) {
                responseBody.flush();
            }
        }

        @Override
        public void onEnd(OutboundStream from, Fields trailers, @Nullable Usage used, boolean moreWork) {
            if (serial.enter()) {
                try {
                    end(trailers, used, moreWork);
                } finally {
                    serial.exit();
                }
            } else {
                serial.leave(() -> end(trailers, used, moreWork));
            }
        }

        private void end(Fields trailers, @Nullable Usage used, boolean moreWork) {
            if (!moreWork) {
                release();
            }
            if (used != null) {
                usage = used;
            }
            if (current()) {
                responseBody.onEnd(ResponseHeadDecoder.trailers(trailers));
            }
        }

        @Override
        public void onUsage(OutboundStream from, Usage used) {
            serial.run(() -> usage = used);
        }

        @Override
        public void onWorkEnd(OutboundStream from, @Nullable Usage used) {
            serial.run(() -> {
                release();
                if (used != null) {
                    usage = used;
                    accountCpu();
                }
            });
        }

        @Override
        public void onFailure(OutboundStream from, StreamFailure failure) {
            serial.run(() -> failed(from, failure));
        }

        private void failed(OutboundStream from, StreamFailure failure) {
            // When the application still works, its end comes as onWorkEnd.
            if (from.closed()) {
                release();
            }
            if (!current()) {
                return;
            }
            if (failure.notStarted() && phase == Phase.SENT) {
                sent = null;
                sendElsewhere(instance);
            } else if (failure.tunnelLost()) {
                fail(Rejection.INSTANCE_LOST, Termination.INSTANCE_LOST);
            } else if (failure.code() == ErrorCode.DEADLINE) {
                fail(Rejection.TIMEOUT, Termination.TIMEOUT);
            } else {
                fail(Rejection.INSTANCE_FAULT, Termination.INSTANCE_FAULT);
            }
        }
    }

    private void remember(Instance refusing, String reason) {
        if (refusals == null) {
            refusals = new ArrayList<>(2);
        }
        refusals.add(new Refusal(refusing.instanceId(), reason, context.clock().nanos() - beganNanos));
    }

    private boolean everywhereNotDeployed() {
        List<Nack> all = nacks;
        if (all == null || all.size() < group().instances().size()) {
            return false;
        }
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).reason() != NackReason.NOT_DEPLOYED) {
                return false;
            }
        }
        return true;
    }

    // ---- respond ---------------------------------------------------------------------------------------------

    private void writeHead(OutboundStream from, ResponseHead head) {
        response.setStatus(head.status());
        HttpFields.Mutable fields = response.getHeaders();
        boolean dated = context.responseHeads().decode(head, fields);
        if (!dated) {
            fields.add(context.date());
        }
        fields.add(new HttpField(RouterContext.REQUEST_ID, facts().requestIdText()));
        echoClientId(fields);
        long length = head.contentLength();
        boolean bodiless = HttpMethod.HEAD.is(request.getMethod()) || head.status() == 204 || head.status() == 304;
        if (length >= 0 && head.status() != 204) {
            fields.put(HttpHeader.CONTENT_LENGTH, length);
        } else if (!bodiless && request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_0) {
            response.setTrailersSupplier(responseBody::trailers);
        }
        responseBody.start(from, bodiless && length < 0);
    }

    private void echoClientId(HttpFields.Mutable fields) {
        String theirs = request.getHeaders().get(RouterContext.X_REQUEST_ID);
        if (theirs != null && !fields.contains(RouterContext.X_REQUEST_ID)) {
            fields.add(RouterContext.X_REQUEST_ID, theirs);
        }
    }

    @Override
    public void onWritten() {
        if (phase == Phase.DONE) {
            return;
        }
        finish(Termination.COMPLETE);
        RequestBody body = requestBody;
        if (body != null) {
            body.stop();
            if (body.demanding()) {
                // Jetty calls it a fault to complete a request whose body is awaited; the client has its response.
                lingering = true;
                deadline = context.clock().nanos() + LINGER_NANOS;
                return;
            }
        }
        complete(null);
    }

    @Override
    public void onProgress() {
        movedNanos = context.clock().nanos();
    }

    @Override
    public void onWriteFailed(Throwable cause) {
        clientGone(cause);
    }

    /** The router answers itself; before the response has begun. */
    private void reject(Rejection rejection) {
        status = rejection.status();
        if (phase == Phase.WAITING) {
            group().waiting().remove(this);
        }
        RequestBody body = requestBody;
        if (body != null) {
            body.stop();
        }
        if (termination == Termination.COMPLETE) {
            termination = Termination.REJECTED;
        }
        finish(termination);
        if (body != null && body.demanding()) {
            lingering = true;
            deadline = context.clock().nanos() + LINGER_NANOS;
            context.errors().write(this, rejection, request, response, Callback.NOOP);
            return;
        }
        context.live().remove(this);
        context.errors().write(this, rejection, request, response, callback);
    }

    /** No complete response will come: an answer of the router before the first octet, an abort after. */
    private void fail(Rejection rejection, Termination how) {
        termination = how;
        if (response.isCommitted() || responseBody.writing()) {
            abort(how, new EofException("instance: " + rejection.detail()));
        } else {
            responseBody.stop();
            response.reset();
            reject(rejection);
        }
    }

    /** Ends the client's side so that nothing looks complete. */
    private void abort(Termination how, Throwable cause) {
        responseBody.stop();
        RequestBody body = requestBody;
        if (body != null) {
            body.stop();
        }
        finish(how);
        complete(cause);
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

    /** Accounts, once. */
    private void finish(Termination how) {
        if (phase == Phase.DONE) {
            return;
        }
        phase = Phase.DONE;
        termination = how;
        deadline = NEVER;
        idleCounts = false;
        context.account(this);
        accountCpu();
    }

    /** Adds what was used since the last time: values are sums (P-5.22), and some come after the response has ended. */
    private void accountCpu() {
        Usage now = usage;
        if (phase == Phase.DONE && now != null) {
            long total = now.activeCpuNanos() + now.apportionedCpuNanos();
            group().metrics().activeCpuNanos().inc(Math.max(0, total - accountedCpuNanos));
            accountedCpuNanos = Math.max(total, accountedCpuNanos);
        }
    }

    // ---- what the client does --------------------------------------------------------------------------------

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
        cancel(ErrorCode.CLIENT_GONE);
        if (response.isCommitted() || responseBody.writing()) {
            abort(Termination.REJECTED, new EofException(rejection.detail()));
        } else {
            responseBody.stop();
            response.reset();
            termination = Termination.REJECTED;
            reject(rejection);
        }
    }

    @Override
    public void onBodyFailed(Throwable cause) {
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
            halfClosed = true;
            if (phase == Phase.SENT || phase == Phase.WAITING) {
                scheduleProbe();
            }
        });
    }

    private void clientGone(Throwable cause) {
        if (lingering) {
            complete(cause);
            return;
        }
        if (phase == Phase.DONE) {
            return;
        }
        gone = true;
        if (phase == Phase.WAITING) {
            group().waiting().remove(this);
        }
        cancel(ErrorCode.CLIENT_GONE);
        if (status == 0) {
            status = RouterContext.STATUS_CLIENT_GONE;
        }
        abort(Termination.CLIENT_ABORT, cause);
    }

    /** Tells the instance to give up; its slot stays taken until the work has ended. */
    private void cancel(ErrorCode code) {
        Sent on = sent;
        OutboundStream stream = on == null ? null : on.stream;
        if (stream != null) {
            stream.cancel(code);
        }
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
            cancel(ErrorCode.TIMEOUT);
            abort(Termination.TIMEOUT, new TimeoutException("silent stream"));
        } else if (now - (beganNanos + context.requestTimeoutNanos()) >= 0) {
            cancel(ErrorCode.DEADLINE);
            fail(Rejection.TIMEOUT, Termination.TIMEOUT);
        } else if (phase == Phase.WAITING && now - (waitedSinceNanos + context.maxWaitNanos()) >= 0) {
            reject(allNacked());
        } else if (halfClosed && (phase == Phase.SENT || phase == Phase.WAITING)) {
            probe();
        }
    }

    private void scheduleProbe() {
        if (request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_1) {
            return;
        }
        long next = context.clock().nanos() + probeNanos;
        deadline = Math.min(deadline, next);
    }

    /**
     * A client that has closed its side may have gone altogether; TCP shows the difference only to who sends. An
     * interim response is what HTTP has for that: a client that is still there passes over it (RFC 9110 section 15.2).
     */
    private void probe() {
        probes++;
        probeNanos =
                probes == 1 ? SECOND_PROBE_NANOS : Math.min(FIRST_PROBE_NANOS << Math.min(probes, 20), MAX_PROBE_NANOS);
        deadline = phase == Phase.WAITING
                ? Math.min(beganNanos + context.requestTimeoutNanos(), waitedSinceNanos + context.maxWaitNanos())
                : beganNanos + context.requestTimeoutNanos();
        scheduleProbe();
        writeInterim(102, HttpFields.EMPTY);
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

    /** The router stops: what is still under way now is cut. */
    void shutDown() {
        serial.run(() -> {
            if (phase == Phase.DONE) {
                return;
            }
            cancel(ErrorCode.SHUTDOWN);
            fail(Rejection.DRAINING, Termination.REJECTED);
        });
    }

    // ---- for the account -------------------------------------------------------------------------------------

    Request request() {
        return request;
    }

    @Nullable
    RequestFacts knownFacts() {
        return facts;
    }

    @Nullable
    FunctionGroup knownGroup() {
        return group;
    }

    RouteTable.@Nullable Route knownRoute() {
        return route;
    }

    @Nullable
    Instance instance() {
        Sent on = sent;
        return on == null ? null : on.instance;
    }

    List<Refusal> refusals() {
        return refusals == null ? List.of() : List.copyOf(refusals);
    }

    int status() {
        return status;
    }

    Termination termination() {
        return termination;
    }

    @Nullable
    Usage usage() {
        return usage;
    }

    long beganNanos() {
        return beganNanos;
    }

    /** When the response began; 0 when the router answered itself. */
    long firstByteNanos() {
        return firstByteNanos;
    }

    long bytesIn() {
        return requestBody == null ? 0 : requestBody.bytes();
    }

    long bytesOut() {
        return responseBody.bytes();
    }

    boolean clientGone() {
        return gone;
    }

    private FunctionGroup group() {
        FunctionGroup known = group;
        if (known == null) {
            throw new IllegalStateException("not routed yet");
        }
        return known;
    }

    private RouteTable.Route route() {
        RouteTable.Route known = route;
        if (known == null) {
            throw new IllegalStateException("not routed yet");
        }
        return known;
    }

    private RequestFacts facts() {
        RequestFacts known = facts;
        if (known == null) {
            throw new IllegalStateException("not guarded yet");
        }
        return known;
    }
}
