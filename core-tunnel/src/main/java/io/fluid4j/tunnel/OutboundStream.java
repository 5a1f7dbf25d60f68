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
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Usage;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The requester's end of a stream: P-5.4 as the server's frames move it. Thread-safe; the frame handlers belong to the
 * reader thread.
 */
public final class OutboundStream extends TunnelStream {

    private static final int METHOD_HEAD = 2;

    private final Listener listener;
    private final boolean headMethod;
    private final int headBytes;
    /** What the head says of the response's first window; 0 when the session's setting holds. */
    private final int firstWindowBytes;

    private int id;

    /** The data octets of the session up to the end of this stream's head; guarded by the out lock. */
    long headEnd;

    /** The request is complete; guarded by the out lock. */
    private boolean requestEnded;

    /** The outstanding send is the last one; guarded by the out lock. */
    private boolean endAfter;

    /** Set once, by whoever delivers the terminal event (C-12). */
    private final AtomicBoolean terminated = new AtomicBoolean();

    private volatile boolean cancelled;
    private volatile boolean closed;
    private volatile boolean responseOver;

    // Reader thread only.
    private ResponseState state = ResponseState.OPENED;
    private boolean bodiless;
    private long contentLength = -1;
    private long receivedBytes;

    /** In the reader's list of streams that got something in this read. */
    boolean touched;

    OutboundStream(
            Session session,
            int sendWindow,
            ReceiveWindow window,
            int firstWindowBytes,
            HeadWriter head,
            boolean end,
            Listener listener) {
        super(session, sendWindow, window);
        this.listener = listener;
        this.headMethod = head.length() > 0 && head.array()[0] == METHOD_HEAD;
        this.firstWindowBytes = firstWindowBytes;
        this.headBytes = FrameWriter.HEADER_BYTES
                + head.length()
                + (firstWindowBytes == 0 ? 0 : FrameWriter.RESPONSE_WINDOW_BYTES);
        this.requestEnded = end;
    }

    @Override
    public int id() {
        return id;
    }

    /** Given under the out lock, before anybody else sees the stream. */
    void id(int value) {
        id = value;
    }

    /** Octets of the frame that opens it. */
    int headBytes() {
        return headBytes;
    }

    int firstWindowBytes() {
        return firstWindowBytes;
    }

    /**
     * Sends octets of the request body. One outstanding send at a time.
     *
     * @param body borrowed until the callback completes
     * @param end true when the request ends with it, without trailers
     * @param callback completes when the octets have been taken (credit!), possibly inline
     */
    public void send(ByteBuffer body, boolean end, Callback callback) {
        requireNonNull(callback, "callback");
        Outgoing outgoing = session().outgoing();
        Throwable failure;
        boolean taken = false;
        synchronized (outgoing.lock()) {
            failure = sendRefusal(outgoing);
            if (failure == null) {
                endAfter = end;
                taken = !body.hasRemaining() || outgoing.putContent(this, body, callback);
                if (taken) {
                    contentTaken(outgoing);
                }
            }
        }
        if (failure != null) {
            callback.failed(failure);
            return;
        }
        session().flusher().flushSoon();
        if (taken) {
            callback.succeeded();
        }
    }

    /** Ends the request, after the callback of the last send; with trailers when there are any. */
    public void end(@Nullable HeadWriter trailers) {
        Outgoing outgoing = session().outgoing();
        synchronized (outgoing.lock()) {
            if (sendRefusal(outgoing) != null) {
                return;
            }
            putEnd(outgoing, trailers);
        }
        session().flusher().flushSoon();
    }

    /**
     * Says that the client has taken that many octets of the response: gives credit back. Any thread. What lies in the
     * router counts against its byte budget until then, also when the response has ended meanwhile.
     */
    public void consumed(int octets) {
        giveBack(octets);
    }

    /** Says that nobody takes what has come and was not consumed: it was dropped. Any thread. */
    public void discard() {
        closeReceiveWindow();
    }

    /** Asks the server to give up (P-5.6). The terminal event still comes; bodies are discarded from here on. */
    public void cancel(ErrorCode code) {
        requireNonNull(code, "code");
        Outgoing outgoing = session().outgoing();
        Callback abandoned;
        synchronized (outgoing.lock()) {
            if (cancelled || closed) {
                return;
            }
            cancelled = true;
            abandoned = outgoing.abandon(this, new StreamException(code, "cancelled"));
        }
        outgoing.sendCancel(this, code);
        closeReceiveWindow();
        fail(abandoned, code, "cancelled");
    }

    /** True when the slot is free again: the work behind the stream has ended. */
    public boolean closed() {
        return closed;
    }

    @Override
    FrameType bodyType() {
        return FrameType.REQUEST_BODY;
    }

    @Override
    void contentTaken(Outgoing outgoing) {
        if (endAfter) {
            putEnd(outgoing, null);
        }
    }

    @Override
    void afterTaken() {}

    @Override
    boolean takesCredit() {
        return !responseOver && !cancelled;
    }

    // ---- reader thread: frames of the server -----------------------------------------------------------------------

    void onAccepted() throws SessionException {
        if (move(FrameType.ACCEPTED, false) && !terminated.get()) {
            listener.onAccepted(this);
        }
    }

    void onInterim(ResponseHead head) throws SessionException {
        if (move(FrameType.RESPONSE_INTERIM, false) && !terminated.get()) {
            touch();
            listener.onInterim(this, head);
        }
    }

    void onResponse(ResponseHead head) throws SessionException {
        if (move(FrameType.RESPONSE_STARTED, false)) {
            contentLength = head.contentLength();
            bodiless = headMethod || head.status() == 204 || head.status() == 304;
            if (!terminated.get()) {
                touch();
                listener.onResponse(this, head);
            }
        }
    }

    void onBody(ByteBuffer slice, Retainable owner) throws SessionException {
        int octets = slice.remaining();
        if (!move(FrameType.RESPONSE_BODY, false)) {
            return;
        }
        int kept = receiveWindow.received(octets);
        if (kept < 0) {
            error(ErrorCode.FLOW_CONTROL, octets + " octets beyond the stream's window");
            return;
        }
        receivedBytes += octets;
        if (receivedBytes > (bodiless ? 0 : contentLength < 0 ? Long.MAX_VALUE : contentLength)) {
            error(ErrorCode.LENGTH, "more than the announced " + contentLength + " octets");
        }
        if (octets > 0 && !cancelled && !terminated.get()) {
            touch();
            listener.onBody(this, slice, owner);
        }
    }

    void onEnd(Fields trailers, @Nullable Usage usage, boolean moreWork) throws SessionException {
        if (!move(FrameType.RESPONSE_END, moreWork)) {
            return;
        }
        if (!bodiless && contentLength >= 0 && receivedBytes != contentLength && !cancelled) {
            responseOver();
            String detail = receivedBytes + " octets (expected: " + contentLength + ")";
            terminate(new StreamFailure(ErrorCode.LENGTH, detail, false, false));
        } else if (terminated.compareAndSet(false, true)) {
            responseOver = true;
            endReceiveWindow();
            listener.onEnd(this, trailers, usage, moreWork);
        } else if (!moreWork) {
            listener.onWorkEnd(this, usage);
        }
    }

    void onNack(Nack nack) throws SessionException {
        if (move(FrameType.NACK, false)) {
            responseOver();
            if (terminated.compareAndSet(false, true)) {
                listener.onNack(this, nack);
            } else {
                listener.onWorkEnd(this, null);
            }
        }
    }

    void onCancel(ErrorCode code, String detail, @Nullable Usage usage, boolean moreWork) throws SessionException {
        if (move(FrameType.CANCEL, moreWork)) {
            responseOver();
            if (usage != null && !terminated.get()) {
                listener.onUsage(this, usage);
            }
            if (!terminate(new StreamFailure(code, detail, false, false)) && !moreWork) {
                listener.onWorkEnd(this, usage);
            }
        }
    }

    void onWorkEnd(@Nullable Usage usage) throws SessionException {
        if (move(FrameType.WORK_END, false)) {
            listener.onWorkEnd(this, usage);
        }
    }

    void onUsage(Usage usage) {
        listener.onUsage(this, usage);
    }

    void onBatchEnd() {
        if (!terminated.get()) {
            listener.onBatchEnd(this);
        }
    }

    /** A frame of this stream broke a rule that concerns this stream alone (P-5.9). */
    void onFrameError(FrameType type, ErrorCode code, String detail) throws SessionException {
        error(code, detail);
        if (type == FrameType.NACK
                || type == FrameType.RESPONSE_END
                || type == FrameType.CANCEL
                || type == FrameType.WORK_END) {
            // Malformed as it was, nothing else will come: the slot must not stay taken for ever.
            state = ResponseState.CLOSED;
            release();
            listener.onWorkEnd(this, null);
        }
    }

    /** The tunnel is gone; the table is closed already. */
    void onLost(ErrorCode code, String detail) {
        Outgoing outgoing = session().outgoing();
        boolean notStarted = outgoing.neverWritten(this, headBytes);
        boolean wasClosed = closed;
        responseOver();
        abandonSend(code, detail);
        closed = true;
        if (!terminate(new StreamFailure(code, detail, notStarted, true)) && !wasClosed) {
            listener.onWorkEnd(this, null);
        }
    }

    /** True once this end has asked the server to give up: by {@link #cancel}, or for a response that broke a rule. */
    public boolean cancelled() {
        return cancelled;
    }

    /** A stream error that this end found (P-5.9): CANCEL, and the failure for the listener. */
    void error(ErrorCode code, String detail) throws SessionException {
        if (terminated.get()) {
            session().chargeOverhead();
            return;
        }
        cancel(code);
        terminate(new StreamFailure(code, detail, false, false));
    }

    private boolean terminate(StreamFailure failure) {
        if (terminated.compareAndSet(false, true)) {
            listener.onFailure(this, failure);
            return true;
        }
        return false;
    }

    private boolean move(FrameType type, boolean moreWork) throws SessionException {
        ResponseState next = state.after(type, moreWork);
        if (next == null) {
            error(ErrorCode.PROTOCOL, type + " in state " + state);
            return false;
        }
        state = next;
        if (next == ResponseState.CLOSED) {
            release();
        }
        return true;
    }

    private void release() {
        closed = true;
        session().requester().release(this);
        abandonSend(ErrorCode.NONE, "the response is complete");
    }

    /** Nothing complete comes any more: what is not consumed yet is dropped, and credit makes no sense. */
    private void responseOver() {
        responseOver = true;
        closeReceiveWindow();
    }

    private void touch() {
        if (!touched) {
            touched = true;
            session().requester().touch(this);
        }
    }

    // ---- private: sending ------------------------------------------------------------------------------------------

    private @Nullable Throwable sendRefusal(Outgoing outgoing) {
        if (sendFailure != null) {
            return sendFailure;
        }
        if (outgoing.sealed()) {
            return new StreamException(ErrorCode.CONNECTION_LOST, "");
        }
        if (requestEnded || sendPending) {
            return new IllegalStateException(requestEnded ? "the request has ended" : "a send is outstanding");
        }
        return null;
    }

    private void putEnd(Outgoing outgoing, @Nullable HeadWriter trailers) {
        int octets = FrameWriter.HEADER_BYTES + (trailers == null ? 0 : trailers.length());
        FrameWriter.requestEnd(outgoing.frameRoom(octets), id, trailers);
        requestEnded = true;
    }

    private void abandonSend(ErrorCode code, String detail) {
        Outgoing outgoing = session().outgoing();
        Callback abandoned;
        synchronized (outgoing.lock()) {
            abandoned = outgoing.abandon(this, new StreamException(code, detail));
        }
        fail(abandoned, code, detail);
    }

    private static void fail(@Nullable Callback callback, ErrorCode code, String detail) {
        if (callback != null) {
            callback.failed(new StreamException(code, detail));
        }
    }

    /**
     * What the server does with a request. Runs on the session's reader thread, must not block and must not throw.
     * Exactly one of onNack, onEnd and onFailure comes, once. When the stream is not {@link OutboundStream#closed()}
     * then, since the application still works, onWorkEnd follows, once.
     */
    public interface Listener {

        /** The application has started, no response head yet. */
        default void onAccepted(OutboundStream stream) {}

        /** Terminal: the server has not started the request and will not; it may be sent elsewhere. */
        void onNack(OutboundStream stream, Nack nack);

        /** An interim (1xx) response. */
        default void onInterim(OutboundStream stream, ResponseHead head) {}

        /** The final response head. */
        void onResponse(OutboundStream stream, ResponseHead head);

        /**
         * Octets of the response.
         *
         * @param slice of the tunnel's read buffer: readable during the call, and as long as owner is retained
         * @param owner retain it to keep the slice, and release it exactly once
         */
        void onBody(OutboundStream stream, ByteBuffer slice, Retainable owner);

        /**
         * Terminal: the response is complete. What has not been consumed yet still has to be, or to be discarded.
         *
         * @param trailers {@link Fields#EMPTY} when there are none
         * @param usage what the request used, when the server says so
         * @param moreWork true when the application still works behind it: {@link #onWorkEnd} follows
         */
        void onEnd(OutboundStream stream, Fields trailers, @Nullable Usage usage, boolean moreWork);

        /** The end of a read in which this stream got something and has not ended: write now what was gathered. */
        default void onBatchEnd(OutboundStream stream) {}

        /** Usage so far. */
        default void onUsage(OutboundStream stream, Usage usage) {}

        /** The work behind an ended response has ended, or nobody can know any more since the tunnel is lost. */
        default void onWorkEnd(OutboundStream stream, @Nullable Usage usage) {}

        /** Terminal: no complete response will come. */
        void onFailure(OutboundStream stream, StreamFailure failure);
    }
}
