/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Ask;
import io.fluid4j.frame.Challenge;
import io.fluid4j.frame.Close;
import io.fluid4j.frame.Drain;
import io.fluid4j.frame.Drained;
import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.FrameEvents;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.LogLine;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes the frames that were read to whoever they are for: the handshake, the session, its streams. Which side may send
 * which frame was checked by the frame reader. Reader thread only.
 */
final class Incoming implements FrameEvents {

    private static final int HEALTH_UNITS = 100;
    private static final int HEALTH_UNITS_PER_SECOND = 40;
    private static final int LOG_UNITS = 20_000;
    private static final int LOG_UNITS_PER_SECOND = 10_000;

    private final TunnelConnection connection;
    private final Handshake handshake;
    private final TokenBucket healthFrames;
    private final TokenBucket logFrames;
    private @Nullable Session session;
    private @Nullable RequesterSide requester;
    private @Nullable ServerSide server;
    private @Nullable SessionSide side;
    private long lastHealth;
    private long frames;

    Incoming(TunnelConnection connection, Handshake handshake) {
        this.connection = connection;
        this.handshake = handshake;
        long now = System.nanoTime();
        this.healthFrames = new TokenBucket(HEALTH_UNITS, HEALTH_UNITS_PER_SECOND, now);
        this.logFrames = new TokenBucket(LOG_UNITS, LOG_UNITS_PER_SECOND, now);
    }

    /** The handshake is complete. */
    void established(Session to) {
        session = to;
        side = to.side();
        if (side instanceof RequesterSide opener) {
            requester = opener;
        } else if (side instanceof ServerSide answerer) {
            server = answerer;
        }
    }

    long frames() {
        return frames;
    }

    /** All frames of a read were delivered. */
    void onBatchEnd() throws SessionException {
        Session to = session;
        if (to != null) {
            side().onBatchEnd();
            to.listener().onBatchEnd(to);
            if (to.outgoing().overloaded()) {
                throw new SessionException(ErrorCode.RATE_LIMITED, "answers queue up that are not read");
            }
        }
    }

    @Override
    public void onHello(Hello hello, byte[] payload) throws SessionException {
        frames++;
        handshake.onHello(hello, payload);
    }

    @Override
    public void onChallenge(Challenge challenge, byte[] payload) throws SessionException {
        frames++;
        handshake.onChallenge(challenge, payload);
    }

    @Override
    public void onProof(byte[] proof) throws SessionException {
        frames++;
        handshake.onProof(proof);
    }

    @Override
    public void onWelcome(Welcome welcome, byte[] proof, byte[] rest) throws SessionException {
        frames++;
        handshake.onWelcome(welcome, proof, rest);
    }

    @Override
    public void onRequestStarted(int stream, RequestHead head) {
        frames++;
        server().onRequest(stream, head);
    }

    @Override
    public void onResponseStarted(int stream, ResponseHead head) throws SessionException {
        OutboundStream to = live(stream);
        if (to != null) {
            to.onResponse(head);
        }
    }

    @Override
    public void onInterim(int stream, ResponseHead head) throws SessionException {
        OutboundStream to = live(stream);
        if (to != null) {
            to.onInterim(head);
        }
    }

    @Override
    public void onBody(FrameType type, int stream, ByteBuffer slice, int frameLength, boolean last)
            throws SessionException {
        if (last) {
            frames++;
            if (frameLength == 0) {
                side().charge();
            }
        }
        RequesterSide opener = requester;
        if (opener != null) {
            opener.onBody(stream, slice, connection.readOwner(), last);
        } else {
            server().onBody(stream, slice);
        }
    }

    @Override
    public void onRequestEnd(int stream, Fields trailers) {
        frames++;
        server().onRequestEnd(stream, trailers);
    }

    @Override
    public void onResponseEnd(int stream, Fields trailers, @Nullable Usage usage, boolean moreWork)
            throws SessionException {
        OutboundStream to = live(stream);
        if (to != null) {
            to.onEnd(trailers, usage, moreWork);
        }
    }

    @Override
    public void onAccepted(int stream) throws SessionException {
        OutboundStream to = live(stream);
        if (to != null) {
            to.onAccepted();
        }
    }

    @Override
    public void onNack(int stream, Nack nack) throws SessionException {
        OutboundStream to = live(stream);
        if (to != null) {
            to.onNack(nack);
        }
    }

    @Override
    public void onCancel(int stream, int code, String detail, @Nullable Usage usage, boolean moreWork)
            throws SessionException {
        // P-11.1: a number that is not known stays visible in the detail.
        ErrorCode known = ErrorCode.of(code);
        String shown = known.number() == code ? detail : "code " + code + " " + detail;
        if (requester == null) {
            frames++;
            server().onCancel(stream, known, shown);
            return;
        }
        OutboundStream to = live(stream);
        if (to != null) {
            to.onCancel(known, shown, usage, moreWork);
        }
    }

    @Override
    public void onWorkEnd(int stream, @Nullable Usage usage) throws SessionException {
        OutboundStream to = live(stream);
        if (to != null) {
            to.onWorkEnd(usage);
        }
    }

    @Override
    public void onCredit(int stream, int increment) throws SessionException {
        frames++;
        side().onCredit(stream, increment);
    }

    @Override
    public void onPing(long octets) throws SessionException {
        frames++;
        side().charge();
        connection.outgoing().sendPong(octets);
    }

    @Override
    public void onPong(long octets) {
        frames++;
        connection.roundTrip(System.nanoTime() - octets);
    }

    @Override
    public void onDrain(Drain drain) {
        frames++;
        session().onDrain(drain);
    }

    @Override
    public void onClose(Close close) {
        frames++;
        connection.onPeerClose(close);
    }

    @Override
    public void onAsk(Ask ask) {
        frames++;
        session().listener().onAsk(session(), ask);
    }

    @Override
    public void onDrained(Drained drained) {
        frames++;
        session().listener().onDrained(session(), drained);
    }

    @Override
    public void onHealth(Health health) throws SessionException {
        frames++;
        if (!healthFrames.take(System.nanoTime())) {
            throw new SessionException(ErrorCode.RATE_LIMITED, "too many HEALTH frames");
        }
        if (health.sequence() > lastHealth) {
            lastHealth = health.sequence();
            session().onHealth(health);
        }
    }

    @Override
    public void onLog(int stream, LogLine line) throws SessionException {
        frames++;
        if (!logFrames.take(System.nanoTime())) {
            throw new SessionException(ErrorCode.RATE_LIMITED, "too many LOG frames");
        }
        session().listener().onLog(session(), stream, line);
    }

    @Override
    public void onUsage(int stream, @Nullable Usage usage) throws SessionException {
        OutboundStream to = live(stream);
        if (to != null && usage != null) {
            to.onUsage(usage);
        }
    }

    @Override
    public void onProcessUsage(Map<String, Long> nanosByKind) {
        frames++;
        session().listener().onProcessUsage(session(), nanosByKind);
    }

    @Override
    public void onStreamError(int stream, FrameType type, ErrorCode code, String detail) throws SessionException {
        frames++;
        RequesterSide opener = requester;
        if (opener != null) {
            opener.onStreamError(stream, type, code, detail);
        } else {
            server().onStreamError(stream, type, code, detail);
        }
    }

    @Override
    public void onUnknown(int type, int length) throws SessionException {
        frames++;
        side().charge();
    }

    private @Nullable OutboundStream live(int stream) throws SessionException {
        frames++;
        RequesterSide opener = requester;
        if (opener == null) {
            throw new SessionException(ErrorCode.PROTOCOL, "a server's frame from a requester");
        }
        return opener.live(stream);
    }

    private ServerSide server() {
        ServerSide answerer = server;
        if (answerer == null) {
            throw new IllegalStateException("a requester's frame at a requester");
        }
        return answerer;
    }

    private SessionSide side() {
        SessionSide both = side;
        if (both == null) {
            throw new IllegalStateException("a session's frame during the handshake");
        }
        return both;
    }

    private Session session() {
        Session to = session;
        if (to == null) {
            throw new IllegalStateException("a session's frame during the handshake");
        }
        return to;
    }
}
