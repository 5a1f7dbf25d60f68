/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Usage;
import java.nio.ByteBuffer;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** The requester's end of a stream. Thread-safe. */
@SuppressWarnings("DoNotCallSuggester")
public final class OutboundStream {

    private OutboundStream() {}

    /**
     * What the server does with a request. Runs on the session's reader thread, must not block and must not throw.
     * Exactly one of onNack, onEnd and onFailure comes, once.
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
         * Terminal: the response is complete.
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

    /** The id on the wire. */
    public int id() {
        throw new UnsupportedOperationException();
    }

    /** The session it runs on. */
    public Session session() {
        throw new UnsupportedOperationException();
    }

    /**
     * Sends octets of the request body. One outstanding send at a time.
     *
     * @param body borrowed until the callback completes
     * @param end true when the request ends with it, without trailers
     * @param callback completes when the octets have been taken (credit!), possibly inline
     */
    public void send(ByteBuffer body, boolean end, Callback callback) {
        throw new UnsupportedOperationException();
    }

    /** Ends the request, after the callback of the last send; with trailers when there are any. */
    public void end(@Nullable HeadWriter trailers) {
        throw new UnsupportedOperationException();
    }

    /** Says that the client has taken that many octets of the response: gives credit back. Any thread. */
    public void consumed(int octets) {
        throw new UnsupportedOperationException();
    }

    /** Asks the server to give up (P-5.6). The terminal event still comes; bodies are discarded from here on. */
    public void cancel(ErrorCode code) {
        throw new UnsupportedOperationException();
    }

    /** True when the slot is free again: the work behind the stream has ended. */
    public boolean closed() {
        throw new UnsupportedOperationException();
    }
}
