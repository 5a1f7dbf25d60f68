/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Moves the body of one response from the tunnel to the client. What one read of the tunnel brings, head, octets and
 * end, is one write to the client; the octets are the tunnel's own read buffer, retained until they are written. While
 * a write is under way (a slow client) what comes is copied into a queue, which the stream's credit bounds: credit
 * goes back only for what the client has taken. Runs inside the exchange's {@link Serial}.
 */
final class ResponseBody implements Callback {

    /** Copies of small pieces share a buffer of this size: the smallest window, so that little is wasted. */
    private static final int QUEUE_BUFFER_BYTES = 4096;

    /** What the exchange hears. */
    interface Owner {
        /** The client has taken some of it. */
        void onProgress();

        /** The client has taken the whole response. */
        void onWritten();

        /** The client has taken all that had come before the response broke off. */
        void onBrokenOff();

        /** The client takes nothing any more. */
        void onWriteFailed(Throwable cause);
    }

    private final Owner owner;
    private final Serial serial;
    private final Response response;

    private @Nullable OutboundStream stream;
    /** Gathered in this read of the tunnel, not yet written. */
    private @Nullable ByteBuffer gathered;

    private @Nullable Retainable gatheredOwner;
    private @Nullable Retainable writingOwner;
    private @Nullable ArrayDeque<ByteBuffer> queue;
    private boolean headPending;
    private boolean writing;
    private boolean writingLast;
    private int writingBytes;
    private boolean ended;
    private boolean brokenOff;
    private boolean stopped;
    private boolean plainEnd;
    private @Nullable HttpFields trailers;
    private long bytes;

    ResponseBody(Owner owner, Serial serial, Response response) {
        this.owner = owner;
        this.serial = serial;
        this.response = response;
    }

    /** Octets that the client has taken. */
    long bytes() {
        return bytes;
    }

    boolean writing() {
        return writing;
    }

    /**
     * The head is in the response; it leaves with the first octets, the end, or the end of the read.
     *
     * @param lengthUnknown true for an answer without octets whose length is not said (HEAD, 304): none is made up
     */
    void start(OutboundStream from, boolean lengthUnknown) {
        stream = from;
        headPending = true;
        plainEnd = !lengthUnknown;
    }

    void onBody(ByteBuffer slice, Retainable sliceOwner) {
        if (stopped || !slice.hasRemaining()) {
            return;
        }
        if (gathered != null) {
            flush();
        }
        if (writing) {
            enqueue(slice);
            return;
        }
        if (sliceOwner.scarce()) {
            // A whole read buffer must not be held for what is left of it when many clients are slow.
            gathered = ByteBuffer.allocate(slice.remaining()).put(slice).flip();
            return;
        }
        sliceOwner.retain();
        // The view is the caller's; the octets stay as long as the owner is retained.
        gathered = slice.slice();
        gatheredOwner = sliceOwner;
    }

    /** The response is complete. */
    void onEnd(@Nullable HttpFields withTrailers) {
        if (stopped) {
            return;
        }
        trailers = withTrailers;
        ended = true;
        flush();
    }

    /** No more will come, and the end neither: writes what has come, then says so. */
    void breakOff() {
        if (stopped) {
            return;
        }
        brokenOff = true;
        flush();
        if (!writing) {
            owner.onBrokenOff();
        }
    }

    /** Trailers, once the end has come; null when there are none. */
    @Nullable
    HttpFields trailers() {
        return trailers;
    }

    /** Writes what was gathered. */
    void flush() {
        if (writing || stopped) {
            return;
        }
        ByteBuffer content = gathered;
        if (content != null) {
            gathered = null;
            writingOwner = gatheredOwner;
            gatheredOwner = null;
        } else if (queue != null) {
            content = queue.poll();
        }
        boolean last = ended && (queue == null || queue.isEmpty());
        if (content == null && !headPending && !last) {
            return;
        }
        // Without octets and without a length Jetty would say that the length is 0.
        if (last && content == null && headPending && !plainEnd) {
            last = false;
        }
        headPending = false;
        write(last, content == null ? BufferUtil.EMPTY_BUFFER : content);
    }

    /** Nothing more is written; what is held is given back. */
    void stop() {
        stopped = true;
        queue = null;
        gathered = null;
        release(gatheredOwner);
        gatheredOwner = null;
        OutboundStream from = stream;
        if (from != null) {
            from.discard();
        }
    }

    private void write(boolean last, ByteBuffer content) {
        writing = true;
        writingLast = last;
        writingBytes = content.remaining();
        response.write(last, content, this);
    }

    private void enqueue(ByteBuffer slice) {
        ArrayDeque<ByteBuffer> pieces = queue;
        if (pieces == null) {
            pieces = new ArrayDeque<>();
            queue = pieces;
        }
        ByteBuffer tail = pieces.peekLast();
        int length = slice.remaining();
        if (tail != null && tail.capacity() - tail.limit() >= length) {
            int position = tail.position();
            tail.position(tail.limit()).limit(tail.limit() + length);
            tail.put(slice);
            tail.position(position);
            return;
        }
        ByteBuffer copy = ByteBuffer.allocate(Math.max(length, QUEUE_BUFFER_BYTES));
        copy.put(slice).flip();
        pieces.addLast(copy);
    }

    @Override
    public void succeeded() {
        // The buffer goes back at once, whoever is inside the exchange.
        if (serial.enter()) {
            try {
                onWritten();
            } finally {
                serial.exit();
            }
        } else {
            serial.leave(this::onWritten);
        }
    }

    @Override
    public void failed(Throwable cause) {
        serial.run(() -> onFailed(cause));
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    private void onWritten() {
        int taken = writingBytes;
        boolean last = writingLast;
        writing = false;
        writingBytes = 0;
        release(writingOwner);
        writingOwner = null;
        bytes += taken;
        owner.onProgress();
        OutboundStream from = stream;
        if (taken > 0 && from != null) {
            from.consumed(taken);
        }
        if (last) {
            owner.onWritten();
        } else if (!stopped) {
            if ((queue != null && !queue.isEmpty()) || ended) {
                flush();
            } else if (brokenOff) {
                owner.onBrokenOff();
            }
        }
    }

    private void onFailed(Throwable cause) {
        writing = false;
        release(writingOwner);
        writingOwner = null;
        stop();
        owner.onWriteFailed(cause);
    }

    private static void release(@Nullable Retainable owner) {
        if (owner != null) {
            owner.release();
        }
    }
}
