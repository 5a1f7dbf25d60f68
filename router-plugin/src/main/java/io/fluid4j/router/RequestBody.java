/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.tunnel.OutboundStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Moves the body of one request from the client to the instance: one chunk under way at a time, the next is read when
 * the tunnel has taken it, so a slow application slows its client and nobody else. Until the request has started, what
 * was sent is kept (within a bound) for another instance. Runs inside the exchange's {@link Serial}.
 */
final class RequestBody {

    /** What the exchange hears. */
    interface Owner {
        /** The instance has taken some of it. */
        void onProgress();

        /** The client's body cannot be forwarded. */
        void onBodyRejected(Rejection rejection);

        /** The client has gone in the middle of its body. */
        void onBodyFailed(Throwable cause);

        /** The whole body has been read from the client. */
        void onBodyRead();
    }

    private static final Logger LOG = System.getLogger(RequestBody.class.getName());

    private final Owner owner;
    private final Serial serial;
    private final Request request;
    private final boolean framed;
    private final long length;
    private final long maxBytes;
    private final long maxReplayBytes;
    private final Runnable onDemand = this::demanded;

    private final ArrayDeque<Content.Chunk> replay = new ArrayDeque<>();
    private boolean keeping = true;
    private boolean complete = true;
    private long keptBytes;

    private Content.@Nullable Chunk first;
    private @Nullable Sending sending;
    private @Nullable OutboundStream stream;
    private @Nullable ArrayDeque<Content.Chunk> again;
    private boolean demanding;
    private boolean read;
    private boolean stopped;
    private long bytes;

    private RequestBody(
            Owner owner,
            Serial serial,
            Request request,
            long maxBytes,
            long maxReplayBytes,
            Content.@Nullable Chunk first) {
        this.owner = owner;
        this.serial = serial;
        this.request = request;
        this.framed = framed(request);
        this.length = request.getLength();
        this.maxBytes = maxBytes;
        this.maxReplayBytes = maxReplayBytes;
        this.first = first;
    }

    /**
     * The body of a request; null when it has none. Reads ahead as far as that takes, and rejects what has ended before
     * its length has come.
     */
    static @Nullable RequestBody of(Owner owner, Serial serial, Request request, long maxBytes, long maxReplayBytes) {
        if (request instanceof PeerRequest peer) {
            return peer.head().endOfRequest()
                    ? null
                    : new RequestBody(owner, serial, request, maxBytes, maxReplayBytes, null);
        }
        long length = request.getLength();
        if (!framed(request)) {
            boolean none = length == 0 || (length < 0 && !request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING));
            return none ? null : new RequestBody(owner, serial, request, maxBytes, maxReplayBytes, null);
        }
        // HTTP/2 says with its first frame whether a body follows, whatever length was announced.
        Content.Chunk first = request.read();
        if (first != null
                && first.isLast()
                && !first.hasRemaining()
                && !Content.Chunk.isFailure(first)
                && !(first instanceof Trailers)) {
            first.release();
            if (length > 0) {
                owner.onBodyRejected(Rejection.BAD_FRAMING);
            }
            return null;
        }
        return new RequestBody(owner, serial, request, maxBytes, maxReplayBytes, first);
    }

    private static boolean framed(Request request) {
        HttpVersion version = request.getConnectionMetaData().getHttpVersion();
        return version.getVersion() >= HttpVersion.HTTP_2.getVersion();
    }

    /** Octets read from the client. */
    long bytes() {
        return bytes;
    }

    /** True while Jetty owes a call: the request must not be completed before it. */
    boolean demanding() {
        return demanding;
    }

    /** True while everything that was sent is still here, and can be sent again. */
    boolean replayable() {
        return complete;
    }

    /** Sends to this stream from now on; what an earlier instance refused is sent again first. */
    void start(OutboundStream to) {
        stream = to;
        sending = null;
        if (!replay.isEmpty()) {
            again = new ArrayDeque<>(replay);
        }
        pump();
    }

    /** The instance refused: nothing more goes to its stream. */
    void detach() {
        stream = null;
        sending = null;
    }

    /** The request has started: it will never be sent elsewhere. */
    void started() {
        if (keeping) {
            keeping = false;
            complete = false;
            dropKept();
        }
    }

    /** Nobody wants the rest. */
    void stop() {
        stopped = true;
        stream = null;
        keeping = false;
        dropKept();
        Content.Chunk chunk = first;
        first = null;
        if (chunk != null) {
            chunk.release();
        }
    }

    private void dropKept() {
        for (Content.Chunk chunk = replay.poll(); chunk != null; chunk = replay.poll()) {
            chunk.release();
        }
        again = null;
    }

    private void pump() {
        OutboundStream to = stream;
        while (to != null && to == stream && sending == null && !stopped) {
            if (again != null) {
                Content.Chunk chunk = again.poll();
                if (chunk == null) {
                    again = null;
                    continue;
                }
                chunk.retain();
                send(to, chunk);
                continue;
            }
            if (read || demanding) {
                return;
            }
            Content.Chunk chunk = first;
            first = null;
            if (chunk == null) {
                chunk = request.read();
            }
            if (chunk == null) {
                demanding = true;
                request.demand(onDemand);
                return;
            }
            if (!accept(chunk)) {
                return;
            }
            send(to, chunk);
        }
    }

    /** False when the chunk ends the transfer. */
    private boolean accept(Content.Chunk chunk) {
        if (Content.Chunk.isFailure(chunk)) {
            if (chunk.isLast()) {
                read = true;
            }
            failed(chunk.getFailure());
            return false;
        }
        bytes += chunk.remaining();
        if (bytes > maxBytes) {
            chunk.release();
            stopped = true;
            owner.onBodyRejected(Rejection.BODY_TOO_LARGE);
            return false;
        }
        if (chunk.isLast() && !wellEnded(chunk)) {
            chunk.release();
            read = true;
            stopped = true;
            owner.onBodyRejected(Rejection.BAD_BODY);
            return false;
        }
        keep(chunk);
        if (chunk.isLast()) {
            read = true;
            owner.onBodyRead();
        }
        return true;
    }

    /** HTTP/2 has two ends, the stream's and the announced length's, and trailers that must not speak of connections. */
    private boolean wellEnded(Content.Chunk last) {
        if (length >= 0 && bytes != length) {
            return false;
        }
        if (framed && last instanceof Trailers with) {
            for (HttpField field : with.getTrailers()) {
                HttpHeader header = field.getHeader();
                if (header != null && Guard.connectionSpecific(header)) {
                    return false;
                }
            }
        }
        return true;
    }

    private void failed(Throwable failure) {
        stopped = true;
        if (failure instanceof HttpException http && http.getCode() < 500) {
            owner.onBodyRejected(Rejection.BAD_BODY);
        } else {
            owner.onBodyFailed(failure);
        }
    }

    private void keep(Content.Chunk chunk) {
        if (!keeping) {
            return;
        }
        keptBytes += chunk.remaining();
        if (keptBytes > maxReplayBytes) {
            keeping = false;
            complete = false;
            dropKept();
            return;
        }
        chunk.retain();
        replay.add(chunk);
    }

    private void send(OutboundStream to, Content.Chunk chunk) {
        HttpFields trailers = chunk instanceof Trailers with ? with.getTrailers() : null;
        ByteBuffer content = chunk.hasRemaining() ? chunk.getByteBuffer().slice() : BufferUtil.EMPTY_BUFFER;
        if (trailers != null) {
            chunk.release();
            to.end(encode(trailers));
            return;
        }
        if (!chunk.isLast() && !content.hasRemaining()) {
            chunk.release();
            return;
        }
        Sending now = new Sending(chunk);
        sending = now;
        to.send(content, chunk.isLast(), now);
    }

    /** What may not be a trailer is left out (P-6.4). */
    private static @Nullable HeadWriter encode(HttpFields trailers) {
        HeadWriter writer = new HeadWriter().trailers();
        for (HttpField field : trailers) {
            String value = field.getValue();
            if (!HeadWriter.isForbiddenInTrailers(field.getName()) && value != null) {
                add(writer, field.getName(), value);
            }
        }
        return writer.size() == 0 ? null : writer;
    }

    private static void add(HeadWriter writer, String name, String value) {
        try {
            writer.field(name, value);
        } catch (IllegalArgumentException refused) {
            // A trailer is metadata that anybody may drop (RFC 9110 section 6.5.1); this one must not travel.
            LOG.log(Level.DEBUG, "trailer dropped: {0}", refused.getMessage());
        }
    }

    private void demanded() {
        serial.run(this::onContent);
    }

    private void onContent() {
        demanding = false;
        if (stopped || stream == null) {
            owner.onBodyRead();
            return;
        }
        pump();
    }

    private void sent(Sending done) {
        if (sending == done) {
            sending = null;
            owner.onProgress();
            pump();
        }
    }

    /** One chunk on its way; releases it when the tunnel has taken it, or has dropped it. */
    private final class Sending implements Callback {
        private Content.@Nullable Chunk chunk;

        Sending(Content.Chunk chunk) {
            this.chunk = chunk;
        }

        @Override
        public void succeeded() {
            release();
            // Inline while pump() runs: its loop goes on by itself.
            if (serial.enter()) {
                try {
                    sent(this);
                } finally {
                    serial.exit();
                }
            } else {
                serial.leave(() -> sent(this));
            }
        }

        @Override
        public void failed(Throwable cause) {
            // The stream's own terminal event says why.
            release();
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }

        private void release() {
            Content.Chunk held = chunk;
            chunk = null;
            if (held != null) {
                held.release();
            }
        }
    }
}
