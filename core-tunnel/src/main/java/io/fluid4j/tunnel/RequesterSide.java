/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Settings;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The streams of a requester (a router): opens them, and delivers the server's frames to them. */
final class RequesterSide extends SessionSide {

    private final StreamTable<OutboundStream> streams = new StreamTable<>();

    /** The last id given; guarded by the out lock. */
    private int lastId;

    /** Streams that got something in this read; reader thread only. */
    private @Nullable OutboundStream[] touched = new OutboundStream[64];

    private int touchedCount;

    RequesterSide(Session session, Settings own, Settings peer) {
        super(session, own, peer);
    }

    /** Any thread: a new stream, or null when there may be no more. */
    @Nullable
    OutboundStream open(HeadWriter head, boolean endOfRequest, OutboundStream.Listener listener) {
        if (streams.size() >= peer.maxStreams()) {
            return null;
        }
        // The budget may have less left than a whole window: then the request says so, and credit follows later.
        int setting = own.streamWindowBytes();
        int granted = Math.min(setting, session.budget().share());
        ReceiveWindow window = new ReceiveWindow(setting, granted, System.nanoTime());
        OutboundStream stream = new OutboundStream(
                session,
                peer.streamWindowBytes(),
                window,
                granted == setting ? 0 : granted,
                head,
                endOfRequest,
                listener);
        session.budget().add(granted);
        if (session.outgoing().sendRequest(this, stream, head, endOfRequest)) {
            return stream;
        }
        stream.closeReceiveWindow();
        return null;
    }

    /** Gives the next id and puts the stream into the table; the caller holds the out lock. False: no more streams. */
    boolean register(OutboundStream stream) {
        if (lastId == Integer.MAX_VALUE) {
            return false;
        }
        stream.id(lastId + 1);
        if (!streams.add(stream)) {
            return false;
        }
        lastId++;
        return true;
    }

    void release(OutboundStream stream) {
        streams.remove(stream);
    }

    void touch(OutboundStream stream) {
        if (touchedCount == touched.length) {
            touched = Arrays.copyOf(touched, touchedCount * 2);
        }
        touched[touchedCount++] = stream;
    }

    /** The live stream of a frame; null when it is closed, which is charged. */
    @Nullable
    OutboundStream live(int id) throws SessionException {
        OutboundStream stream = streams.get(id);
        if (stream == null) {
            charge();
        }
        return stream;
    }

    void onBody(int id, ByteBuffer slice, Retainable owner, boolean last) throws SessionException {
        arrived(slice.remaining());
        OutboundStream stream = streams.get(id);
        if (stream != null) {
            stream.onBody(slice, owner);
        } else if (last) {
            charge();
        }
    }

    void onStreamError(int id, FrameType type, ErrorCode code, String detail) throws SessionException {
        OutboundStream stream = live(id);
        if (stream != null) {
            stream.onFrameError(type, code, detail);
        }
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
    void creditOverflow(TunnelStream stream) throws SessionException {
        ((OutboundStream) stream).error(ErrorCode.FLOW_CONTROL, "window of the stream above 2^31 - 1");
    }

    @Override
    void onClosedStream() throws SessionException {
        charge();
    }

    @Override
    void onBatchEnd() {
        for (int i = 0; i < touchedCount; i++) {
            OutboundStream stream = touched[i];
            touched[i] = null;
            if (stream != null) {
                stream.touched = false;
                stream.onBatchEnd();
            }
        }
        touchedCount = 0;
    }

    @Override
    void onLost(ErrorCode code, String detail, @Nullable Throwable cause) {
        for (OutboundStream stream : streams.close()) {
            try {
                stream.onLost(code, detail);
            } catch (RuntimeException | Error e) {
                listenerThrew(stream, e); // The others must hear of it all the same.
            }
        }
    }
}
