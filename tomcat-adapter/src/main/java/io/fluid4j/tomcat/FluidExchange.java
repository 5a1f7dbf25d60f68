/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.instance.Exchange;
import io.fluid4j.instance.ExchangeScope;
import io.fluid4j.tunnel.InboundStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SocketEvent;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through Tomcat: what the stream tells becomes events, and each event is one call of the
 * processor, one at a time, under this stream's lock, on a container thread. Light and new per request; the heavy {@link
 * FluidProcessor} behind it is borrowed from a pool from the first instruction to the end of the work.
 */
final class FluidExchange implements Exchange {
    private static final Log LOG = LogFactory.getLog(FluidExchange.class);

    private final FluidProtocol protocol;
    private final InboundStream stream;
    private final RequestHead head;
    private final ExchangeScope scope;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean errorDispatched = new AtomicBoolean();

    /** Written under the lock; null before the start and after the end. */
    private volatile @Nullable FluidProcessor processor;

    /** Guarded by lock. */
    private boolean finished;

    /** No event is being processed and the request is asynchronous: an ERROR event will find somebody to tell. */
    private volatile boolean idle;

    private volatile @Nullable IOException cancelled;
    private volatile ErrorCode cancelCode = ErrorCode.NONE;

    FluidExchange(FluidProtocol protocol, InboundStream stream, RequestHead head, ExchangeScope scope) {
        this.protocol = protocol;
        this.stream = stream;
        this.head = head;
        this.scope = scope;
    }

    InboundStream stream() {
        return stream;
    }

    RequestHead head() {
        return head;
    }

    ExchangeScope scope() {
        return scope;
    }

    /** Why the requester gave up, or null. */
    @Nullable
    IOException cancelled() {
        return cancelled;
    }

    @Override
    public void run() {
        lock.lock();
        try {
            FluidProcessor borrowed = protocol.borrowProcessor();
            processor = borrowed;
            borrowed.begin(this);
            IOException gone = cancelled;
            if (gone != null) {
                // It came between the start and begin(), when there was nobody to tell.
                borrowed.fail(stream, gone);
            }
            process(borrowed, SocketEvent.OPEN_READ);
        } finally {
            lock.unlock();
        }
    }

    /** Has a container thread process the event. Any thread. */
    void dispatch(SocketEvent event) {
        protocol.execute(scope.slice(() -> event(event)));
    }

    /** Processes the event on this thread, after the one that is being processed. */
    void event(SocketEvent event) {
        lock.lock();
        try {
            FluidProcessor current = processor;
            if (finished || current == null || !current.accepts(event)) {
                return;
            }
            process(current, event);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onContentAvailable() {
        FluidProcessor current = processor;
        if (current != null && current.contentAvailable(stream)) {
            dispatch(SocketEvent.OPEN_READ);
        }
    }

    @Override
    public void onCancel(ErrorCode code, @Nullable Throwable cause) {
        IOException gone = new IOException("request cancelled: " + code, cause);
        cancelCode = code;
        cancelled = gone;
        FluidProcessor current = processor;
        if (current != null) {
            current.fail(stream, gone);
        }
        // Pairs with the end of process(): one of the two sees what the other wrote.
        if (idle) {
            dispatchError();
        }
    }

    /**
     * The asynchronous request may have timed out: Tomcat's own timer asks. Under the lock, as the processor may be
     * another request's a moment later; while an event is processed nothing times out.
     */
    void timeout(long nowMillis) {
        if (!lock.tryLock()) {
            return;
        }
        try {
            FluidProcessor current = processor;
            if (current != null) {
                current.timeoutAsync(nowMillis);
            }
        } finally {
            lock.unlock();
        }
    }

    private void process(FluidProcessor current, SocketEvent event) {
        idle = false;
        SocketState state;
        Throwable fault = null;
        try {
            state = current.process(null, event);
            if (state != SocketState.LONG) {
                current.close();
            }
        } catch (Throwable t) {
            // The container's own fault; what applications throw ends in error pages long before.
            LOG.error("request " + head.requestId() + " failed in the container", t);
            fault = t;
            state = SocketState.CLOSED;
        }
        if (state == SocketState.LONG) {
            protocol.addWaiting(this);
            idle = true;
            if (cancelled != null) {
                dispatchError();
            }
        } else {
            finish(current, fault);
        }
    }

    private void dispatchError() {
        if (errorDispatched.compareAndSet(false, true)) {
            dispatch(SocketEvent.ERROR);
        }
    }

    /** The container is done: what is left of the response leaves, then the work has ended. */
    private void finish(FluidProcessor current, @Nullable Throwable fault) {
        finished = true;
        processor = null;
        protocol.removeWaiting(this);
        ResponseBody response = current.response();
        IOException gone = cancelled;
        if (gone != null) {
            stream.fail(cancelCode, "");
            scope.completed(fault);
        } else if (fault != null || current.broken() || !response.complete()) {
            stream.fail(
                    response.tooShort() ? ErrorCode.LENGTH : ErrorCode.INTERNAL, "the response could not be completed");
            scope.completed(fault != null ? fault : current.cause());
        } else {
            response.finish(() -> scope.completed(null));
        }
        // A request that was cut off may still be known to threads of the application: its objects are not used again.
        protocol.giveBack(current, fault == null && gone == null && !current.broken());
    }

    @Override
    public String toString() {
        return "FluidExchange[" + requireNonNull(head) + "]";
    }
}
