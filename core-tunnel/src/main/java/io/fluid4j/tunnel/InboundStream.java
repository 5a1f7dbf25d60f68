/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.Usage;
import java.nio.ByteBuffer;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** The server's end of a stream. Thread-safe, except that read and demand belong to one thread at a time. */
@SuppressWarnings("DoNotCallSuggester")
public final class InboundStream {

    private InboundStream() {}

    /** What the requester does. Runs on the session's reader thread or the scheduler; never blocks. */
    public interface Listener {

        /** The body goes on; comes exactly once after {@link InboundStream#demand()} returned false. */
        void onContentAvailable();

        /**
         * The requester gave up, the stream broke, or the tunnel is lost; once. Work may go on; the slot stays until
         * {@link InboundStream#completed}.
         */
        void onCancel(ErrorCode code, @Nullable Throwable cause);
    }

    /** The id on the wire. */
    public int id() {
        throw new UnsupportedOperationException();
    }

    /** The session it runs on. */
    public Session session() {
        throw new UnsupportedOperationException();
    }

    /** The request's head. */
    public RequestHead head() {
        throw new UnsupportedOperationException();
    }

    /** The next piece of the body, or null when there is none now. Gives credit back as it is read. */
    public @Nullable Content read() {
        throw new UnsupportedOperationException();
    }

    /** True: read() will return something. False: the listener's onContentAvailable will be called. */
    public boolean demand() {
        throw new UnsupportedOperationException();
    }

    /** Says that the request has started; the session does it by itself 50 ms after {@link #started()} (P-5.2). */
    public void accepted() {
        throw new UnsupportedOperationException();
    }

    /**
     * The first instruction of the container's pipeline is about to run: no nack from here on.
     *
     * @return false when the stream was cancelled or nacked before, so that running it makes no sense
     */
    public boolean started() {
        throw new UnsupportedOperationException();
    }

    /** Says that the request has not started and will not; ends the stream. False when it has started or ended. */
    public boolean tryNack(Nack nack) {
        throw new UnsupportedOperationException();
    }

    /** Sends an interim response; nothing happens when the final one was sent. */
    public void interim(HeadWriter head) {
        throw new UnsupportedOperationException();
    }

    /**
     * Encodes [head][content][end] into the tunnel's outgoing buffer in one go. One outstanding send at a time. Any
     * thread.
     *
     * @param head null when already sent; borrowed for the call
     * @param content null for none; borrowed until the callback completes
     * @param end true when the response ends with it
     * @param trailers with end only; borrowed until the callback completes
     * @param callback completes when all octets have been taken: credit makes it wait, else inline
     */
    public void send(
            @Nullable HeadWriter head,
            @Nullable ByteBuffer content,
            boolean end,
            @Nullable HeadWriter trailers,
            Callback callback) {
        throw new UnsupportedOperationException();
    }

    /** True while a send waits for credit or room. */
    public boolean sendPending() {
        throw new UnsupportedOperationException();
    }

    /** Tells the requester that there will be no complete response (P-5.7). The slot stays until {@link #completed}. */
    public void fail(ErrorCode code, String detail) {
        throw new UnsupportedOperationException();
    }

    /** The application's work has ended: sends what is still owed. Idempotent. */
    public void completed(@Nullable Usage usage) {
        throw new UnsupportedOperationException();
    }

    /** True when the requester gave up, the stream broke, or the tunnel is lost. */
    public boolean cancelled() {
        throw new UnsupportedOperationException();
    }
}
