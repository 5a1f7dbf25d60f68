/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.tunnel.InboundStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The one send of a stream that may be under way. Completes Jetty's callback when the octets have been taken: at once on
 * the sending thread, or later by whoever made room, who must not run application code (C-11), so that a callback that
 * may block goes through the container's executor.
 */
final class ResponseSend implements Callback {

    private final HttpStreamOverTunnel owner;
    private final AtomicReference<@Nullable Callback> underWay = new AtomicReference<>();

    /** The thread inside {@link #send}. Others may see an old value, but never themselves. */
    private @Nullable Thread sender;

    private boolean last;
    private volatile boolean lastTaken;

    ResponseSend(HttpStreamOverTunnel owner) {
        this.owner = owner;
    }

    void send(
            InboundStream stream,
            @Nullable HeadWriter head,
            @Nullable ByteBuffer content,
            boolean end,
            @Nullable HeadWriter trailers,
            Callback callback) {
        if (!underWay.compareAndSet(null, callback)) {
            callback.failed(new IllegalStateException("the last send is still under way"));
            return;
        }
        last = end;
        sender = Thread.currentThread();
        try {
            stream.send(head, content, end, trailers, this);
        } finally {
            sender = null;
        }
    }

    /** Whether the whole response has been taken by the tunnel. */
    boolean lastTaken() {
        return lastTaken;
    }

    @Override
    public void succeeded() {
        boolean wasLast = last;
        Callback callback = underWay.getAndSet(null);
        if (callback == null) {
            return;
        }
        if (wasLast) {
            lastTaken = true;
        }
        if (mayRunHere(callback)) {
            callback.succeeded();
        } else {
            owner.dispatch(callback::succeeded);
        }
    }

    @Override
    public void failed(Throwable failure) {
        Callback callback = underWay.getAndSet(null);
        if (callback == null) {
            return;
        }
        if (mayRunHere(callback)) {
            callback.failed(failure);
        } else {
            owner.dispatch(() -> callback.failed(failure));
        }
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    private boolean mayRunHere(Callback callback) {
        return sender == Thread.currentThread() || callback.getInvocationType() == InvocationType.NON_BLOCKING;
    }
}
