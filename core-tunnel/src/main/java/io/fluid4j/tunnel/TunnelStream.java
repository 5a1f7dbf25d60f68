/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.FrameType;
import java.nio.ByteBuffer;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * What both ends of a stream have: an id, the send that waits for credit or room, and the window for what comes. The
 * send fields are guarded by the session's out lock; the links belong to the collections that use them.
 */
abstract class TunnelStream {

    /** The next stream of the bucket; written under the lock of {@link StreamTable}. */
    volatile @Nullable TunnelStream tableNext;

    /** The next parked stream; guarded by the out lock. */
    @Nullable
    TunnelStream parkedNext;

    boolean parked;

    /** The next stream of a chain of completed sends; belongs to whoever completes them. */
    @Nullable
    TunnelStream doneNext;

    /** The callback of a completed send, while the stream is in such a chain. */
    @Nullable
    Callback doneCallback;

    /** Octets the peer still takes on this stream; guarded by the out lock. */
    long sendWindow;

    /** The content of the outstanding send, if it could not be taken at once; guarded by the out lock. */
    @Nullable
    ByteBuffer content;

    /** The callback of the outstanding send; guarded by the out lock. */
    @Nullable
    Callback sendCallback;

    /** A send is outstanding. Written under the out lock. */
    volatile boolean sendPending;

    /** Nothing more may be sent: why. Guarded by the out lock. */
    @Nullable
    Throwable sendFailure;

    final ReceiveWindow receiveWindow;
    private final Session session;

    TunnelStream(Session session, int sendWindow, ReceiveWindow receiveWindow) {
        this.session = session;
        this.sendWindow = sendWindow;
        this.receiveWindow = receiveWindow;
    }

    /** The id on the wire. */
    public abstract int id();

    /** The session this stream runs on. */
    public final Session session() {
        return session;
    }

    /** REQUEST_BODY or RESPONSE_BODY. */
    abstract FrameType bodyType();

    /** All content of the outstanding send was taken: puts the end if one was asked for. Holds the out lock. */
    abstract void contentTaken(Outgoing outgoing);

    /** What is left to do after {@link #contentTaken}, without any lock. */
    abstract void afterTaken();

    /** Octets were consumed: gives credit back when it is worth a frame. Any thread, no lock held. */
    final void giveBack(int octets) {
        long counted = receiveWindow.consumed(octets);
        if (counted == 0) {
            return;
        }
        ByteBudget budget = session.budget();
        budget.remove(counted);
        int increment = receiveWindow.grant(System.nanoTime(), session.roundTripNanos(), budget.share());
        if (increment > 0) {
            budget.add(increment);
            if (takesCredit()) {
                session.outgoing().sendCredit(id(), increment);
            }
        }
    }

    /** No more octets come, and no more credit is given; what is queued counts until it is consumed. */
    final void endReceiveWindow() {
        session.budget().remove(receiveWindow.end());
    }

    /** What is queued was dropped, and no more credit is given. */
    final void closeReceiveWindow() {
        session.budget().remove(receiveWindow.close());
    }

    /** True while CREDIT for this stream still makes sense for the peer. */
    abstract boolean takesCredit();
}
