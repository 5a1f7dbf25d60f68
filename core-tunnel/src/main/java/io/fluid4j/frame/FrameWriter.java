/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encodes frames at the position of a big-endian buffer that the caller has made sure has room: {@link #HEADER_BYTES}
 * plus the payload, or what the {@code max…Bytes} method of that frame says. Stateless, for any thread. Whether a frame
 * may be sent now is the caller's business.
 */
public final class FrameWriter {

    /** Octets of a frame header. */
    public static final int HEADER_BYTES = 9;

    /** Octets that the first window of a response adds to the head of its request. */
    public static final int RESPONSE_WINDOW_BYTES = 8;
    /** Octets of an ACCEPTED frame. */
    public static final int ACCEPTED_BYTES = HEADER_BYTES;
    /** Octets of a CREDIT frame. */
    public static final int CREDIT_BYTES = HEADER_BYTES + 4;
    /** Octets of a PING or PONG frame. */
    public static final int PING_BYTES = HEADER_BYTES + 8;
    /** Octets of an ASK frame. */
    public static final int ASK_BYTES = HEADER_BYTES + Ask.BYTES;
    /** Octets of a DRAINED frame. */
    public static final int DRAINED_BYTES = HEADER_BYTES + Drained.BYTES;
    /** The most octets of a WORK_END frame, or a USAGE frame of a stream. */
    public static final int MAX_WORK_END_BYTES = HEADER_BYTES + Usage.EXTENSION_BYTES;
    /** The most octets of a CANCEL frame. */
    public static final int MAX_CANCEL_BYTES = HEADER_BYTES + 3 + 0xFF + Usage.EXTENSION_BYTES;
    /** The most octets of a CLOSE frame. */
    public static final int MAX_CLOSE_BYTES = HEADER_BYTES + 3 + 0xFF;
    /** The most octets of a NACK frame. */
    public static final int MAX_NACK_BYTES = HEADER_BYTES + 15 + 0xFF;

    private FrameWriter() {}

    /** A frame header; the payload of {@code length} octets is the caller's to write. */
    public static void header(ByteBuffer out, int length, FrameType type, int flags, int stream) {
        out.putInt((length << 8) | type.id()).put((byte) flags).putInt(stream);
    }

    /** A frame from its payload, such as one of the handshake: {@link #HEADER_BYTES} plus its length. */
    public static void frame(ByteBuffer out, FrameType type, int flags, int stream, byte[] payload) {
        header(out, payload.length, type, flags, stream);
        out.put(payload);
    }

    /** REQUEST_STARTED. */
    public static void requestStarted(ByteBuffer out, int stream, HeadWriter head, boolean endOfRequest) {
        head(out, FrameType.REQUEST_STARTED, endOfRequest ? FrameType.FLAG_END : 0, stream, head);
    }

    /**
     * REQUEST_STARTED with a first window for the response that is smaller than the session's setting (P-7.4): {@link
     * #HEADER_BYTES} plus the head's length plus {@link #RESPONSE_WINDOW_BYTES}.
     */
    public static void requestStarted(
            ByteBuffer out, int stream, HeadWriter head, boolean endOfRequest, int responseWindowBytes) {
        int flags = endOfRequest ? FrameType.FLAG_END : 0;
        header(out, head.length() + RESPONSE_WINDOW_BYTES, FrameType.REQUEST_STARTED, flags, stream);
        out.put(head.array(), 0, head.length());
        out.putShort((short) ExtensionType.RESPONSE_WINDOW).putShort((short) Integer.BYTES);
        out.putInt(responseWindowBytes);
    }

    /** RESPONSE_STARTED. */
    public static void responseStarted(ByteBuffer out, int stream, HeadWriter head) {
        head(out, FrameType.RESPONSE_STARTED, 0, stream, head);
    }

    /** RESPONSE_INTERIM. */
    public static void interim(ByteBuffer out, int stream, HeadWriter head) {
        head(out, FrameType.RESPONSE_INTERIM, 0, stream, head);
    }

    /** The header of a REQUEST_BODY or RESPONSE_BODY frame and its octets: all that remain in {@code body}. */
    public static void body(ByteBuffer out, FrameType type, int stream, ByteBuffer body) {
        header(out, body.remaining(), type, 0, stream);
        out.put(body);
    }

    /** REQUEST_END: {@link #HEADER_BYTES} plus the trailers' length. */
    public static void requestEnd(ByteBuffer out, int stream, @Nullable HeadWriter trailers) {
        if (trailers == null) {
            header(out, 0, FrameType.REQUEST_END, 0, stream);
        } else {
            head(out, FrameType.REQUEST_END, 0, stream, trailers);
        }
    }

    /** The octets of a RESPONSE_END frame. */
    public static int responseEndBytes(@Nullable HeadWriter trailers, @Nullable Usage usage) {
        return HEADER_BYTES + (trailers == null ? 2 : trailers.length()) + Usage.extensionBytes(usage);
    }

    /** RESPONSE_END; {@code usage} follows the trailers, which must not hold usage themselves. */
    public static void responseEnd(
            ByteBuffer out, int stream, @Nullable HeadWriter trailers, @Nullable Usage usage, boolean moreWork) {
        int length = responseEndBytes(trailers, usage) - HEADER_BYTES;
        header(out, length, FrameType.RESPONSE_END, moreWork ? FrameType.FLAG_MORE_WORK : 0, stream);
        if (trailers == null) {
            out.putShort((short) 0);
        } else {
            out.put(trailers.array(), 0, trailers.length());
        }
        Usage.encode(usage, out);
    }

    /** ACCEPTED. */
    public static void accepted(ByteBuffer out, int stream) {
        header(out, 0, FrameType.ACCEPTED, 0, stream);
    }

    /** NACK. */
    public static void nack(ByteBuffer out, int stream, Nack nack) {
        int start = begin(out);
        nack.encode(out);
        end(out, start, FrameType.NACK, 0, stream);
    }

    /** CANCEL; {@code detail} is cut at 255 octets. */
    public static void cancel(
            ByteBuffer out, int stream, ErrorCode code, String detail, @Nullable Usage usage, boolean moreWork) {
        int start = begin(out);
        out.putShort((short) code.number());
        text8(out, detail);
        Usage.encode(usage, out);
        end(out, start, FrameType.CANCEL, moreWork ? FrameType.FLAG_MORE_WORK : 0, stream);
    }

    /** WORK_END. */
    public static void workEnd(ByteBuffer out, int stream, @Nullable Usage usage) {
        header(out, Usage.extensionBytes(usage), FrameType.WORK_END, 0, stream);
        Usage.encode(usage, out);
    }

    /** CREDIT for a stream, or for the session when {@code stream} is 0; {@code increment} is 1 to 2^31 - 1. */
    public static void credit(ByteBuffer out, int stream, int increment) {
        header(out, 4, FrameType.CREDIT, 0, stream);
        out.putInt(increment);
    }

    /** PING. */
    public static void ping(ByteBuffer out, long octets) {
        header(out, 8, FrameType.PING, 0, 0);
        out.putLong(octets);
    }

    /** PONG. */
    public static void pong(ByteBuffer out, long octets) {
        header(out, 8, FrameType.PONG, 0, 0);
        out.putLong(octets);
    }

    /** The most octets of a DRAIN frame. */
    public static int maxDrainBytes(Drain drain) {
        return HEADER_BYTES + drain.maxPayloadBytes();
    }

    /** DRAIN. */
    public static void drain(ByteBuffer out, Drain drain) {
        int start = begin(out);
        drain.encode(out);
        end(out, start, FrameType.DRAIN, 0, 0);
    }

    /** CLOSE; its detail is cut at 255 octets. */
    public static void close(ByteBuffer out, Close close) {
        int start = begin(out);
        close.encode(out);
        end(out, start, FrameType.CLOSE, 0, 0);
    }

    /** ASK. */
    public static void ask(ByteBuffer out, Ask ask) {
        header(out, Ask.BYTES, FrameType.ASK, 0, 0);
        ask.encode(out);
    }

    /** DRAINED. */
    public static void drained(ByteBuffer out, Drained drained) {
        header(out, Drained.BYTES, FrameType.DRAINED, 0, 0);
        drained.encode(out);
    }

    /** The most octets of a HEALTH frame. */
    public static int maxHealthBytes(Health health) {
        return HEADER_BYTES + health.maxPayloadBytes();
    }

    /** HEALTH. */
    public static void health(ByteBuffer out, Health health) {
        int start = begin(out);
        health.encode(out);
        end(out, start, FrameType.HEALTH, 0, 0);
    }

    /** The most octets of a LOG frame. */
    public static int maxLogBytes(LogLine line) {
        return HEADER_BYTES + line.maxPayloadBytes();
    }

    /** LOG of a stream, or of the instance when {@code stream} is 0. */
    public static void log(ByteBuffer out, int stream, LogLine line) {
        int start = begin(out);
        line.encode(out);
        end(out, start, FrameType.LOG, 0, stream);
    }

    /** USAGE of a stream so far. */
    public static void usage(ByteBuffer out, int stream, Usage usage) {
        header(out, Usage.EXTENSION_BYTES, FrameType.USAGE, 0, stream);
        Usage.encode(usage, out);
    }

    /** The most octets of a USAGE frame of the process. */
    public static int maxProcessUsageBytes(Map<String, Long> nanosByKind) {
        return HEADER_BYTES + ProcessUsage.maxPayloadBytes(nanosByKind);
    }

    /** USAGE of the process: CPU nanoseconds by kind, 255 kinds at most. */
    public static void processUsage(ByteBuffer out, Map<String, Long> nanosByKind) {
        int start = begin(out);
        ProcessUsage.encode(nanosByKind, out);
        end(out, start, FrameType.USAGE, 0, 0);
    }

    private static void head(ByteBuffer out, FrameType type, int flags, int stream, HeadWriter head) {
        header(out, head.length(), type, flags, stream);
        out.put(head.array(), 0, head.length());
    }

    /** Leaves room for the header of a payload whose length is known afterwards. */
    private static int begin(ByteBuffer out) {
        int start = out.position();
        out.position(start + HEADER_BYTES);
        return start;
    }

    private static void end(ByteBuffer out, int start, FrameType type, int flags, int stream) {
        int end = out.position();
        out.position(start);
        header(out, end - start - HEADER_BYTES, type, flags, stream);
        out.position(end);
    }

    /** A text for people or a name: one octet of length, at most 255 octets. */
    static void text8(ByteBuffer out, String text) {
        if (text.isEmpty()) {
            out.put((byte) 0);
            return;
        }
        byte[] octets = Text.cut(text, 0xFF);
        out.put((byte) octets.length).put(octets);
    }
}
