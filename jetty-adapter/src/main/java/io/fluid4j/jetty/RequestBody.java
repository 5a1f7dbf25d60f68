/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.tunnel.Content;
import io.fluid4j.tunnel.InboundStream;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.Content.Chunk;
import org.jspecify.annotations.Nullable;

/**
 * The request's body as Jetty reads it. The application and whoever fails the request may read at once; the stream takes
 * one reader at a time.
 */
final class RequestBody {

    private final InboundStream stream;
    private final Object lock = new Object();
    private @Nullable Chunk next;
    private @Nullable Chunk terminal;

    /** Between a demand that found nothing and the moment Jetty was told that there is something. */
    private volatile boolean demanding;

    RequestBody(InboundStream stream) {
        this.stream = stream;
    }

    /** The next chunk, null when there is none yet; the last one again and again. */
    @Nullable
    Chunk read() {
        synchronized (lock) {
            Chunk chunk = take();
            if (chunk != null && chunk.isLast()) {
                // After the last octets and after trailers only the end is left to read; a failure stays what it is.
                terminal = Chunk.isFailure(chunk) ? chunk : Chunk.EOF;
            }
            return chunk;
        }
    }

    /** True when a read will give something now; false when the listener's {@code onContentAvailable} will come. */
    boolean demand() {
        synchronized (lock) {
            if (next != null || terminal != null) {
                return true;
            }
            // Before the call: the listener may be called before it returns.
            demanding = true;
            if (stream.demand()) {
                demanding = false;
                return true;
            }
            return false;
        }
    }

    boolean demanding() {
        return demanding;
    }

    void demandMet() {
        demanding = false;
    }

    /** From here on every read gives this failure, unless the body has been read to its end. */
    void fail(Throwable failure) {
        synchronized (lock) {
            if (terminal == null) {
                next = null;
                terminal = Chunk.from(failure, true);
            }
        }
    }

    /** Drops what is there; the failure when the body is cut off, else null. */
    @Nullable
    Throwable consumeAvailable() {
        while (true) {
            Chunk chunk = read();
            if (chunk == null) {
                return null;
            }
            chunk.release();
            if (chunk.isLast()) {
                return chunk.getFailure();
            }
        }
    }

    private @Nullable Chunk take() {
        if (terminal != null) {
            return terminal;
        }
        if (next != null) {
            Chunk chunk = next;
            next = null;
            return chunk;
        }
        Content content = stream.read();
        if (content == null) {
            return null;
        }
        if (content.failure() != null) {
            return Chunk.from(content.failure(), true);
        }
        ByteBuffer data = content.data();
        if (!content.last()) {
            return Chunk.from(data, false);
        }
        Chunk end = content.trailers() == null ? null : new Trailers(RequestMetaData.trailers(content.trailers()));
        if (!data.hasRemaining()) {
            return end == null ? Chunk.EOF : end;
        }
        next = end;
        return Chunk.from(data, end == null);
    }
}
