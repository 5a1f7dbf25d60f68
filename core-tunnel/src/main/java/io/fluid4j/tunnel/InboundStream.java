/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.Usage;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The server's end of a stream. Thread-safe, except that read and demand belong to one thread at a time.
 *
 * <p>The end of a response is held back until {@link #completed}, which nearly always follows at once, so that head,
 * body, end and usage leave in one frame sequence and one write; when the application lingers, the session's ticker
 * sends the end with MORE_WORK after some milliseconds, or {@link #releaseEnd} does at once.
 */
public final class InboundStream extends TunnelStream {

    private static final int OPEN = 0;
    private static final int STARTED = 1;
    private static final int NACKED = 2;
    /** Cancelled before it started. */
    private static final int GONE = 3;

    private final int id;
    private final RequestHead head;
    private final AtomicInteger start;
    private volatile long startedNanos;
    private @Nullable volatile Listener listener;
    private volatile @Nullable ErrorCode cancelCode;

    /** What has come of the request; guarded by {@link #receiveWindow}. */
    private @Nullable ArrayDeque<ByteBuffer> input;

    private @Nullable Content inputEnd;
    private boolean demanded;

    // Reader thread only.
    private RequestState requestState;
    private long receivedBytes;

    // The response; guarded by the out lock.
    private volatile boolean acceptedSent;
    private volatile boolean responded;
    private boolean bodiless;
    /** RESPONSE_END or CANCEL was put. */
    private boolean ended;
    /** The response is complete but for its RESPONSE_END. */
    private volatile boolean endHeld;

    private boolean endAfter;
    private @Nullable HeadWriter trailersAfter;
    private boolean completed;
    private @Nullable Usage finalUsage;
    private boolean finished;

    InboundStream(Session session, int id, RequestHead head, int sendWindow, ReceiveWindow window) {
        super(session, sendWindow, window);
        this.id = id;
        this.head = head;
        this.start = new AtomicInteger(OPEN);
        boolean whole = head.endOfRequest();
        this.requestState = whole ? RequestState.SENT : RequestState.SENDING;
        this.inputEnd = whole ? Content.END : null;
    }

    @Override
    public int id() {
        return id;
    }

    /** The request's head. */
    public RequestHead head() {
        return head;
    }

    /** The next piece of the body, or null when there is none now. Gives credit back as it is read. */
    public @Nullable Content read() {
        ByteBuffer data;
        synchronized (receiveWindow) {
            data = input == null ? null : input.poll();
            if (data == null) {
                return inputEnd;
            }
        }
        giveBack(data.remaining());
        return new Content(data, false, null, null);
    }

    /** True: read() will return something. False: the listener's onContentAvailable will be called. */
    public boolean demand() {
        synchronized (receiveWindow) {
            if (inputEnd != null || (input != null && !input.isEmpty())) {
                return true;
            }
            demanded = true;
            return false;
        }
    }

    /** Says that the request has started; the session does it by itself 50 ms after {@link #started()} (P-5.2). */
    public void accepted() {
        Outgoing outgoing = session().outgoing();
        synchronized (outgoing.lock()) {
            if (!acceptable(outgoing)) {
                return;
            }
            acceptedSent = true;
            outgoing.putAccepted(id);
        }
        session().flusher().flushSoon();
    }

    /**
     * The first instruction of the container's pipeline is about to run: no nack from here on.
     *
     * @return false when the stream was cancelled or nacked before, so that running it makes no sense
     */
    public boolean started() {
        if (start.compareAndSet(OPEN, STARTED)) {
            startedNanos = System.nanoTime();
            return true;
        }
        return start.get() == STARTED;
    }

    /** Says that the request has not started and will not; ends the stream. False when it has started or ended. */
    public boolean tryNack(Nack nack) {
        requireNonNull(nack, "nack");
        if (!start.compareAndSet(OPEN, NACKED) && !start.compareAndSet(GONE, NACKED)) {
            return false;
        }
        Outgoing outgoing = session().outgoing();
        synchronized (outgoing.lock()) {
            if (finished || ended) {
                return false;
            }
            ended = true;
            completed = true;
            finished = true;
        }
        release();
        outgoing.sendNack(id, nack);
        return true;
    }

    /** Sends an interim response; nothing happens when the final one was sent. */
    public void interim(HeadWriter interimHead) {
        Outgoing outgoing = session().outgoing();
        synchronized (outgoing.lock()) {
            if (responded || ended || sendFailure != null || outgoing.sealed()) {
                return;
            }
            acceptedSent = true;
            outgoing.putHead(FrameType.RESPONSE_INTERIM, id, interimHead);
        }
        session().flusher().flushSoon();
    }

    /**
     * Encodes [head][content][end] into the tunnel's outgoing buffer in one go. One outstanding send at a time. Any
     * thread. Content of a response that has none (HEAD, 204, 304) is dropped.
     *
     * @param responseHead null when already sent; borrowed for the call
     * @param body null for none; borrowed until the callback completes
     * @param end true when the response ends with it
     * @param trailers with end only; borrowed until the callback completes
     * @param callback completes when all octets have been taken: credit makes it wait, else inline
     */
    public void send(
            @Nullable HeadWriter responseHead,
            @Nullable ByteBuffer body,
            boolean end,
            @Nullable HeadWriter trailers,
            Callback callback) {
        requireNonNull(callback, "callback");
        Outgoing outgoing = session().outgoing();
        Throwable failure;
        boolean taken = false;
        boolean held = false;
        synchronized (outgoing.lock()) {
            failure = sendRefusal(outgoing, responseHead != null);
            if (failure == null) {
                if (responseHead != null) {
                    putResponse(outgoing, responseHead);
                }
                endAfter = end;
                trailersAfter = end ? trailers : null;
                taken = body == null || !body.hasRemaining() || bodiless || outgoing.putContent(this, body, callback);
                if (taken) {
                    contentTaken(outgoing);
                }
                held = endHeld;
            }
        }
        if (failure != null) {
            callback.failed(failure);
            return;
        }
        if (!held) {
            session().flusher().flushSoon();
        }
        if (taken) {
            afterTaken();
            callback.succeeded();
        }
    }

    /** True while a send waits for credit or room. */
    public boolean sendPending() {
        return sendPending;
    }

    /** The response has ended but work goes on: sends the held back end with MORE_WORK now, if there is one. */
    public void releaseEnd() {
        Outgoing outgoing = session().outgoing();
        synchronized (outgoing.lock()) {
            if (!endHeld) {
                return;
            }
            putHeldEnd(outgoing, null, true);
        }
        session().flusher().flushSoon();
    }

    /** Tells the requester that there will be no complete response (P-5.7). The slot stays until {@link #completed}. */
    public void fail(ErrorCode code, String detail) {
        requireNonNull(code, "code");
        Outgoing outgoing = session().outgoing();
        Callback abandoned;
        StreamException why = new StreamException(code, detail);
        synchronized (outgoing.lock()) {
            if (ended || finished) {
                return;
            }
            endHeld = false;
            abandoned = outgoing.abandon(this, why);
            putCancel(outgoing, code, detail, finalUsage, !completed);
            if (completed) {
                finish();
            }
        }
        session().flusher().flushSoon();
        afterTaken();
        if (abandoned != null) {
            abandoned.failed(why);
        }
    }

    /** The application's work has ended: sends what is still owed. Idempotent. */
    public void completed(@Nullable Usage usage) {
        Outgoing outgoing = session().outgoing();
        Callback abandoned = null;
        synchronized (outgoing.lock()) {
            if (completed) {
                return;
            }
            completed = true;
            finalUsage = usage;
            if (content != null && endAfter) {
                return; // The end follows the content, with the usage: see contentTaken.
            }
            if (content != null) {
                abandoned = outgoing.abandon(this, new StreamException(ErrorCode.INTERNAL, "completed without an end"));
            }
            putOwed(outgoing);
            finish();
        }
        release();
        if (!SendBatch.defers(session().flusher())) {
            session().flusher().flushSoon();
        }
        if (abandoned != null) {
            abandoned.failed(new StreamException(ErrorCode.INTERNAL, "completed without an end"));
        }
    }

    /** True when the requester gave up, the stream broke, or the tunnel is lost. */
    public boolean cancelled() {
        return cancelCode != null;
    }

    @Override
    FrameType bodyType() {
        return FrameType.RESPONSE_BODY;
    }

    @Override
    void contentTaken(Outgoing outgoing) {
        if (!endAfter) {
            return;
        }
        if (completed) {
            putHeldEnd(outgoing, finalUsage, false);
            finish();
        } else {
            endHeld = true;
            if (trailersAfter != null) {
                putHeldEnd(outgoing, null, true); // They are borrowed until the callback completes.
            }
        }
    }

    @Override
    void afterTaken() {
        if (finished) {
            release();
        }
    }

    @Override
    boolean takesCredit() {
        synchronized (receiveWindow) {
            return inputEnd == null;
        }
    }

    // ---- reader thread: frames of the requester --------------------------------------------------------------------

    void listener(@Nullable Listener value) {
        listener = value;
    }

    void onBody(ByteBuffer slice) {
        int octets = slice.remaining();
        if (!move(FrameType.REQUEST_BODY)) {
            return;
        }
        int kept = receiveWindow.received(octets);
        if (kept < 0) {
            error(ErrorCode.FLOW_CONTROL, octets + " octets beyond the stream's window");
            return;
        }
        receivedBytes += octets;
        if (head.contentLength() >= 0 && receivedBytes > head.contentLength()) {
            error(ErrorCode.LENGTH, "more than the announced " + head.contentLength() + " octets");
        } else if (kept > 0) {
            byte[] copy = new byte[octets];
            slice.get(copy);
            arrived(ByteBuffer.wrap(copy), null);
        }
    }

    void onRequestEnd(Fields trailers) {
        if (!move(FrameType.REQUEST_END)) {
            return;
        }
        if (head.contentLength() >= 0 && receivedBytes != head.contentLength()) {
            error(ErrorCode.LENGTH, receivedBytes + " octets (expected: " + head.contentLength() + ")");
        } else {
            endReceiveWindow();
            arrived(null, trailers.size() == 0 ? Content.END : Content.end(trailers));
        }
    }

    void onCancel(ErrorCode code, String detail) {
        if (move(FrameType.CANCEL)) {
            cancel(code, new StreamException(code, detail.isEmpty() ? "cancelled by the requester" : detail));
        }
    }

    /** A stream error that this end found (P-5.9): CANCEL to the requester, and the application is told. */
    void error(ErrorCode code, String detail) {
        requestState = RequestState.CANCELLED;
        cancel(code, new StreamException(code, detail));
        fail(code, detail);
    }

    /** The tunnel is gone; the table is closed already. */
    void onLost(ErrorCode code, @Nullable Throwable cause) {
        cancel(code, cause == null ? new StreamException(code, "") : cause);
    }

    /** The session's ticker: ACCEPTED when it is due, and the end of a response whose application lingers. */
    void onTick(long nowNanos, long acceptAfterNanos) {
        if (endHeld) {
            releaseEnd();
        } else if (!responded && !acceptedSent && start.get() == STARTED) {
            long since = startedNanos;
            if (since != 0 && nowNanos - since >= acceptAfterNanos) {
                accepted();
            }
        }
    }

    // ---- private ---------------------------------------------------------------------------------------------------

    private boolean move(FrameType type) {
        RequestState next = requestState.after(type);
        if (next == null) {
            if (requestState != RequestState.CANCELLED) {
                error(ErrorCode.PROTOCOL, type + " in state " + requestState);
            }
            return false;
        }
        requestState = next;
        return true;
    }

    private void arrived(@Nullable ByteBuffer data, @Nullable Content end) {
        boolean tell;
        synchronized (receiveWindow) {
            if (inputEnd != null) {
                return;
            }
            if (data != null) {
                if (input == null) {
                    input = new ArrayDeque<>(4);
                }
                input.add(data);
            } else {
                inputEnd = end;
            }
            tell = demanded;
            demanded = false;
        }
        Listener to = listener;
        if (tell && to != null) {
            to.onContentAvailable();
        }
    }

    private void cancel(ErrorCode code, Throwable why) {
        Outgoing outgoing = session().outgoing();
        Callback abandoned;
        synchronized (outgoing.lock()) {
            if (cancelCode != null || finished) {
                return;
            }
            cancelCode = code;
            abandoned = endHeld ? null : outgoing.abandon(this, why);
            if (completed) {
                putOwed(outgoing); // What was to follow the content that is dropped here.
                finish();
            }
        }
        start.compareAndSet(OPEN, GONE);
        synchronized (receiveWindow) {
            demanded = false;
            input = null;
            if (inputEnd == null) {
                inputEnd = Content.failure(why);
            }
        }
        closeReceiveWindow();
        Listener to = listener;
        if (to != null) {
            to.onCancel(code, why);
        }
        if (abandoned != null) {
            abandoned.failed(why);
        }
        afterTaken();
        session().flusher().flushSoon();
    }

    private boolean acceptable(Outgoing outgoing) {
        return !acceptedSent && !responded && !ended && !finished && !outgoing.sealed();
    }

    private @Nullable Throwable sendRefusal(Outgoing outgoing, boolean withHead) {
        if (sendFailure != null) {
            return sendFailure;
        }
        if (outgoing.sealed()) {
            return new StreamException(ErrorCode.CONNECTION_LOST, "");
        }
        if (finished) {
            return new StreamException(ErrorCode.NONE, "the stream is over");
        }
        if (ended || endHeld || sendPending || responded == withHead) {
            String why = sendPending ? "a send is outstanding" : withHead ? "the head was sent" : "the head is missing";
            return new IllegalStateException(ended || endHeld ? "the response has ended" : why);
        }
        return null;
    }

    private void putResponse(Outgoing outgoing, HeadWriter responseHead) {
        byte[] octets = responseHead.array();
        int status = ((octets[0] & 0xFF) << 8) | (octets[1] & 0xFF);
        bodiless = status == 204 || status == 304 || head.method().equals("HEAD");
        responded = true;
        outgoing.putHead(FrameType.RESPONSE_STARTED, id, responseHead);
    }

    private void putHeldEnd(Outgoing outgoing, @Nullable Usage usage, boolean moreWork) {
        HeadWriter trailers = trailersAfter;
        trailersAfter = null;
        endHeld = false;
        ended = true;
        ByteBuffer out = outgoing.frameRoom(FrameWriter.responseEndBytes(trailers, usage));
        FrameWriter.responseEnd(out, id, trailers, usage, moreWork);
    }

    private void putCancel(Outgoing outgoing, ErrorCode code, String detail, @Nullable Usage usage, boolean moreWork) {
        ended = true;
        if (!outgoing.sealed()) {
            ByteBuffer out = outgoing.frameRoom(FrameWriter.MAX_CANCEL_BYTES);
            FrameWriter.cancel(out, id, code, detail, usage, moreWork);
        }
    }

    /** The last frame of the stream, whichever it is. */
    private void putOwed(Outgoing outgoing) {
        if (outgoing.sealed() || finished) {
            return;
        }
        ErrorCode code = cancelCode;
        if (endHeld) {
            putHeldEnd(outgoing, finalUsage, false);
        } else if (ended) {
            ByteBuffer out = outgoing.frameRoom(FrameWriter.MAX_WORK_END_BYTES);
            FrameWriter.workEnd(out, id, finalUsage);
        } else if (code != null) {
            putCancel(outgoing, code, "", finalUsage, false);
        } else if (responded && sendFailure == null) {
            putHeldEnd(outgoing, finalUsage, false);
        } else {
            putCancel(outgoing, ErrorCode.INTERNAL, "the application ended without a response", finalUsage, false);
        }
    }

    private void finish() {
        finished = true;
    }

    private void release() {
        session().server().release(this);
        closeReceiveWindow();
    }

    /** What the requester does. Runs on the session's reader thread or the scheduler; never blocks. */
    public interface Listener {

        /** The body goes on; comes exactly once after {@link InboundStream#demand()} returned false. */
        void onContentAvailable();

        /**
         * The requester gave up, the stream broke, or the tunnel is lost; once, and onContentAvailable does not come
         * after it. Work may go on; the slot stays until {@link InboundStream#completed}.
         */
        void onCancel(ErrorCode code, @Nullable Throwable cause);
    }
}
