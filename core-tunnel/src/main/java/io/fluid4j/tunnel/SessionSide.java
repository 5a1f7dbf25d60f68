/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Settings;
import org.jspecify.annotations.Nullable;

/** What requester and server have in common: credit of the session, and budgets. Reader thread only. */
abstract class SessionSide {

    private static final int OVERHEAD_UNITS = 400;
    private static final int OVERHEAD_UNITS_PER_SECOND = 200;
    /** CREDIT of less is not worth its frame (P-9.4). */
    private static final int MIN_CREDIT_BYTES = 16;

    private static final System.Logger LOGGER = System.getLogger(SessionSide.class.getName());

    final Session session;
    final Settings own;
    final Settings peer;
    private final TokenBucket overhead = new TokenBucket(OVERHEAD_UNITS, OVERHEAD_UNITS_PER_SECOND, System.nanoTime());
    private long available;
    private int unreturned;

    SessionSide(Session session, Settings own, Settings peer) {
        this.session = session;
        this.own = own;
        this.peer = peer;
        this.available = own.sessionWindowBytes();
    }

    abstract int streams();

    /** The stream with that id, or null. */
    abstract @Nullable TunnelStream stream(int id);

    /** CREDIT went beyond the largest window. */
    abstract void creditOverflow(TunnelStream stream) throws SessionException;

    /** All frames of a read were delivered. */
    abstract void onBatchEnd();

    /** The session is gone: every live stream gets its failure. */
    abstract void onLost(ErrorCode code, String detail, @Nullable Throwable cause);

    /** Takes a unit of the overhead budget (P-9.4). */
    final void charge() throws SessionException {
        if (!overhead.take(System.nanoTime())) {
            throw new SessionException(ErrorCode.RATE_LIMITED, "too many frames of overhead");
        }
    }

    /** CREDIT has come. */
    final void onCredit(int streamId, int increment) throws SessionException {
        if (increment < MIN_CREDIT_BYTES) {
            charge();
        }
        if (streamId == 0) {
            if (!session.outgoing().sessionCredit(increment)) {
                throw new SessionException(ErrorCode.FLOW_CONTROL, "window of the session above 2^31 - 1");
            }
            return;
        }
        TunnelStream stream = stream(streamId);
        if (stream == null) {
            onClosedStream();
        } else if (!session.outgoing().streamCredit(stream, increment)) {
            creditOverflow(stream);
        }
    }

    final void listenerThrew(TunnelStream stream, Throwable thrown) {
        LOGGER.log(WARNING, "session " + session.id() + ", stream " + stream.id() + ": a listener threw", thrown);
    }

    /** A frame came for a stream that is closed. */
    abstract void onClosedStream() throws SessionException;

    /** Body octets have come: they lie in a queue or are discarded right away, so their session credit returns (P-7.3). */
    final void arrived(int octets) throws SessionException {
        available -= octets;
        if (available < 0) {
            throw new SessionException(ErrorCode.FLOW_CONTROL, "body beyond the session's window");
        }
        unreturned += octets;
        if (unreturned >= own.sessionWindowBytes() / 4) {
            available += unreturned;
            session.outgoing().sendCredit(0, unreturned);
            unreturned = 0;
        }
    }

    /** What the peer may send and what was not granted again: the window, when nothing leaks. */
    final long accountedBytes() {
        return available + unreturned;
    }
}
