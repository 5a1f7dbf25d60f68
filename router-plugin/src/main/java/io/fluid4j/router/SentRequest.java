/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Fields;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Usage;
import io.fluid4j.router.fleet.Target;
import io.fluid4j.router.select.Standing;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.StreamFailure;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A request on one instance, or on another router: brings what the tunnel says into the exchange's {@link Serial}, gives the instance's slot
 * back when the work behind the stream has ended, and keeps late words of an instance that is no longer asked away from
 * the exchange. The four events of an ordinary response enter without an object being made for it.
 */
final class SentRequest implements OutboundStream.Listener {

    /** From this status on it is the server's failure. */
    private static final int FIRST_FAILURE = 500;

    private final RouterExchange exchange;
    private final Serial serial;
    private final Target target;
    /** Of the instance; null when another router was asked. */
    private final @Nullable Standing standing;

    private final long sentNanos;
    private @Nullable OutboundStream stream;
    private @Nullable Usage usage;
    private boolean released;

    SentRequest(RouterExchange exchange, Serial serial, Target target, long sentNanos) {
        this.exchange = exchange;
        this.serial = serial;
        this.target = target;
        this.standing = target instanceof Instance instance ? instance.standing() : null;
        this.sentNanos = sentNanos;
    }

    Target target() {
        return target;
    }

    /** The stream; null until the tunnel has said which. */
    @Nullable
    OutboundStream stream() {
        return stream;
    }

    /** Events may have come, and named the stream, before opening it returned. */
    void opened(OutboundStream as) {
        if (stream == null) {
            stream = as;
        }
    }

    /** The slot is free: the work behind the stream has ended. */
    private void release() {
        if (!released) {
            released = true;
            target.released();
            exchange.slotFree();
        }
    }

    private boolean current() {
        return exchange.asks(this);
    }

    @Override
    public void onAccepted(OutboundStream from) {
        if (serial.enter()) {
            try {
                started(from);
            } finally {
                serial.exit();
            }
        } else {
            serial.leave(() -> started(from));
        }
    }

    private void started(OutboundStream from) {
        stream = from;
        if (current()) {
            exchange.onStarted();
        }
    }

    @Override
    public void onNack(OutboundStream from, Nack nack) {
        serial.run(() -> {
            // The answer to a cancel says nothing about the instance: a client that leaves must not pause it for all
            // others.
            if (!from.cancelled()) {
                exchange.countNack(target, nack);
            }
            release();
            if (current()) {
                exchange.onNacked(target, nack);
            }
        });
    }

    @Override
    public void onInterim(OutboundStream from, ResponseHead head) {
        serial.run(() -> {
            started(from);
            if (current()) {
                exchange.onInterim(from, head);
            }
        });
    }

    @Override
    public void onResponse(OutboundStream from, ResponseHead head) {
        if (serial.enter()) {
            try {
                respond(from, head);
            } finally {
                serial.exit();
            }
        } else {
            serial.leave(() -> respond(from, head));
        }
    }

    private void respond(OutboundStream from, ResponseHead head) {
        started(from);
        if (current()) {
            exchange.onResponse(from, head);
            if (standing != null && head.status() >= FIRST_FAILURE) {
                standing.failed();
            } else if (standing != null) {
                standing.answered(exchange.movedNanos() - sentNanos);
            }
        }
    }

    @Override
    public void onBody(OutboundStream from, ByteBuffer slice, Retainable owner) {
        if (serial.enter()) {
            try {
                body(slice, owner);
            } finally {
                serial.exit();
            }
        } else {
            owner.retain();
            ByteBuffer kept = slice.slice();
            serial.leave(() -> {
                body(kept, owner);
                owner.release();
            });
        }
    }

    private void body(ByteBuffer slice, Retainable owner) {
        if (current()) {
            exchange.onBody(slice, owner);
        }
    }

    @Override
    public void onBatchEnd(OutboundStream from) {
        if (serial.enter()) {
            try {
                batchEnd();
            } finally {
                serial.exit();
            }
        } else {
            serial.leave(this::batchEnd);
        }
    }

    private void batchEnd() {
        if (current()) {
            exchange.onBatchEnd();
        }
    }

    @Override
    public void onEnd(OutboundStream from, Fields trailers, @Nullable Usage used, boolean moreWork) {
        if (serial.enter()) {
            try {
                end(trailers, used, moreWork);
            } finally {
                serial.exit();
            }
        } else {
            serial.leave(() -> end(trailers, used, moreWork));
        }
    }

    private void end(Fields trailers, @Nullable Usage used, boolean moreWork) {
        if (!moreWork) {
            release();
        }
        use(used);
        if (current()) {
            exchange.onResponseEnd(trailers);
        }
    }

    @Override
    public void onUsage(OutboundStream from, Usage used) {
        serial.run(() -> use(used));
    }

    @Override
    public void onWorkEnd(OutboundStream from, @Nullable Usage used) {
        serial.run(() -> {
            release();
            use(used);
        });
    }

    private void use(@Nullable Usage total) {
        Usage before = usage;
        // Values are sums (P-5.22): one that is smaller is a fault, and would be counted twice with the next.
        if (total != null && (before == null || cpuNanos(total) >= cpuNanos(before))) {
            usage = total;
            exchange.onUsage(total, before);
        }
    }

    private static long cpuNanos(Usage of) {
        return of.activeCpuNanos() + of.apportionedCpuNanos();
    }

    @Override
    public void onFailure(OutboundStream from, StreamFailure failure) {
        serial.run(() -> {
            // When the application still works, its end comes as onWorkEnd.
            if (from.closed()) {
                release();
            }
            if (current()) {
                if (standing != null && !from.cancelled()) {
                    standing.failed();
                }
                exchange.onFailed(target, failure, !from.cancelled());
            }
        });
    }
}
