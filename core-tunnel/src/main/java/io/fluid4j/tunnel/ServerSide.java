/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Settings;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The streams of a server (an instance): delivers the requester's frames to them. */
final class ServerSide extends SessionSide {

    private static final long RETRY_AFTER_STREAMS_MILLIS = 100;

    private final StreamTable<InboundStream> streams = new StreamTable<>();
    private final Ticker ticker;

    ServerSide(Session session, Settings own, Settings peer, Ticker ticker) {
        super(session, own, peer);
        this.ticker = ticker;
    }

    void onRequest(int id, RequestHead head) {
        if (streams.size() >= own.maxStreams()) {
            session.outgoing().sendNack(id, Nack.of(NackReason.STREAMS, RETRY_AFTER_STREAMS_MILLIS, 0));
            return;
        }
        int windowBytes = own.streamWindowBytes();
        ReceiveWindow window = new ReceiveWindow(windowBytes, windowBytes, System.nanoTime());
        int sendWindow = head.responseWindowBytes(peer.streamWindowBytes());
        InboundStream stream = new InboundStream(session, id, head, sendWindow, window);
        if (!streams.add(stream)) {
            return;
        }
        session.budget().add(windowBytes);
        if (head.endOfRequest()) {
            stream.endReceiveWindow();
        }
        ticker.arm();
        InboundStream.Listener listener = session.listener().onRequest(stream, head);
        stream.listener(listener);
        if (listener == null && stream.tryNack(Nack.of(NackReason.FAILING, RETRY_AFTER_STREAMS_MILLIS, 0))) {
            throw new IllegalStateException("onRequest gave no listener and did not nack");
        }
    }

    void onBody(int id, ByteBuffer slice) throws SessionException {
        arrived(slice.remaining());
        InboundStream stream = streams.get(id);
        if (stream != null) {
            stream.onBody(slice);
        }
    }

    void onRequestEnd(int id, Fields trailers) {
        InboundStream stream = streams.get(id);
        if (stream != null) {
            stream.onRequestEnd(trailers);
        }
    }

    void onCancel(int id, ErrorCode code, String detail) {
        InboundStream stream = streams.get(id);
        if (stream != null) {
            stream.onCancel(code, detail);
        }
    }

    void onStreamError(int id, FrameType type, ErrorCode code, String detail) {
        InboundStream stream = streams.get(id);
        if (stream != null) {
            stream.error(code, detail);
        } else if (type == FrameType.REQUEST_STARTED) {
            session.outgoing().sendRefusal(id, code, detail);
        }
    }

    void release(InboundStream stream) {
        streams.remove(stream);
    }

    /** The live streams, for the ticker. */
    List<InboundStream> live() {
        return streams.all();
    }

    Ticker ticker() {
        return ticker;
    }

    @Override
    int streams() {
        return streams.size();
    }

    @Override
    @Nullable
    TunnelStream stream(int id) {
        return streams.get(id);
    }

    @Override
    void creditOverflow(TunnelStream stream) {
        ((InboundStream) stream).error(ErrorCode.FLOW_CONTROL, "window of the stream above 2^31 - 1");
    }

    /** It may have been on its way when the stream closed (P-5.8). */
    @Override
    void onClosedStream() {}

    @Override
    void onBatchEnd() {}

    @Override
    void onLost(ErrorCode code, String detail, @Nullable Throwable cause) {
        for (InboundStream stream : streams.close()) {
            try {
                stream.onLost(code, cause);
            } catch (RuntimeException | Error e) {
                listenerThrew(stream, e); // The others must hear of it all the same.
            }
        }
    }
}
