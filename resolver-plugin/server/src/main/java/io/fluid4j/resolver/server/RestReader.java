/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import java.time.Duration;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Reads what a client still sends after it was answered, and throws it away. A connection that is closed on octets
 * nobody has read is reset, and a client in the middle of its sending then sees the reset instead of the answer
 * (RFC 9112 section 9.6). Bounded in octets and in time; no thread waits meanwhile.
 */
final class RestReader extends Handler.Wrapper {

    private final long maxOctets;
    private final long maxNanos;

    /**
     * Around a handler.
     *
     * @param maxOctets what is read of one request at most
     * @param atMost after this time what comes ends it; when nothing comes the idle timeout of the connection does
     */
    RestReader(Handler handler, long maxOctets, Duration atMost) {
        super(handler);
        this.maxOctets = maxOctets;
        this.maxNanos = atMost.toNanos();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        return super.handle(request, response, new Callback() {
            @Override
            public void succeeded() {
                new Rest(request, callback).run();
            }

            @Override
            public void failed(Throwable failure) {
                callback.failed(failure);
            }
        });
    }

    /** The rest of one request. Jetty runs it in one thread at a time. */
    private final class Rest implements Runnable {

        private final Request request;
        private final Callback callback;
        private final long start = System.nanoTime();
        private long octets;

        Rest(Request request, Callback callback) {
            this.request = request;
            this.callback = callback;
        }

        @Override
        public void run() {
            boolean over = false;
            while (!over) {
                Content.Chunk chunk = request.read();
                if (chunk == null) {
                    request.demand(this);
                    return;
                }
                octets += chunk.remaining();
                over = chunk.isLast()
                        || Content.Chunk.isFailure(chunk)
                        || octets > maxOctets
                        || System.nanoTime() - start > maxNanos;
                chunk.release();
            }
            callback.succeeded(); // closes the connection if there is more
        }
    }
}
