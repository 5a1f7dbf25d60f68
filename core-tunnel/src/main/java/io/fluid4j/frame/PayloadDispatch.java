/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import java.util.Arrays;

/** Decodes whole payloads and calls {@link FrameEvents}. Belongs to one {@link FrameReader}. */
final class PayloadDispatch {

    private final FrameOrder order;
    private final FrameEvents events;
    private final Payload in = new Payload();

    PayloadDispatch(FrameOrder order, FrameEvents events) {
        this.order = order;
        this.events = events;
    }

    /** A payload that does not parse is an error of its stream, or of the session on stream id 0 (P-2.3). */
    void error(FrameType type, int stream, ErrorCode code, String detail) throws SessionException {
        if (stream == 0) {
            throw order.error(code, type + ": " + detail);
        }
        events.onStreamError(stream, type, code, detail);
    }

    /** The first {@code length} octets of the array are the payload; only heads and long payloads own their array. */
    void payload(FrameType type, int flags, int stream, byte[] payload, int length) throws SessionException {
        in.over(payload, 0, length);
        try {
            switch (type) {
                case HELLO, CHALLENGE, PROOF, WELCOME -> handshake(type, payload, length);
                case REQUEST_STARTED, RESPONSE_STARTED, RESPONSE_INTERIM -> head(type, flags, stream);
                case REQUEST_END, RESPONSE_END -> end(type, flags, stream, payload, length);
                case DRAIN, CLOSE, ASK, DRAINED, HEALTH, PING, PONG -> session(type);
                case ACCEPTED, NACK, CANCEL, WORK_END, CREDIT, LOG, USAGE -> stream(type, flags, stream);
                case REQUEST_BODY, RESPONSE_BODY -> throw new IllegalStateException("bodies are never gathered");
            }
        } catch (PayloadException e) {
            error(type, stream, e.code(), e.detail());
        }
    }

    private void handshake(FrameType type, byte[] payload, int length) throws PayloadException, SessionException {
        switch (type) {
            case HELLO -> {
                if (in.i32() != Hello.MAGIC) {
                    throw order.error(ErrorCode.PROTOCOL, "HELLO without the magic number");
                }
                order.advance(type);
                events.onHello(Hello.decode(in.over(payload, 0, length)), Arrays.copyOf(payload, length));
            }
            case CHALLENGE -> events.onChallenge(Challenge.decode(in), Arrays.copyOf(payload, length));
            case PROOF -> {
                if (length != 0 && length != Proofs.PROOF_BYTES) {
                    throw PayloadException.malformed("proof has " + length + " octets (expected: 0 or 32)");
                }
                events.onProof(Arrays.copyOf(payload, length));
            }
            default -> {
                byte[] proof = Welcome.decodeProof(in);
                byte[] rest = Arrays.copyOfRange(payload, in.position(), length);
                events.onWelcome(Welcome.decodeRest(in), proof, rest);
            }
        }
    }

    private void head(FrameType type, int flags, int stream) throws PayloadException, SessionException {
        if (type == FrameType.REQUEST_STARTED) {
            events.onRequestStarted(stream, RequestHead.decode(in, (flags & FrameType.FLAG_END) != 0));
        } else if (type == FrameType.RESPONSE_STARTED) {
            events.onResponseStarted(stream, ResponseHead.decode(in, false));
        } else {
            events.onInterim(stream, ResponseHead.decode(in, true));
        }
    }

    private void end(FrameType type, int flags, int stream, byte[] payload, int length)
            throws PayloadException, SessionException {
        Fields trailers = Fields.EMPTY;
        if (length > 0) {
            // Trailers keep their octets, an end without any does not need its own.
            boolean some = length >= 2 && (payload[0] | payload[1]) != 0;
            in.over(some ? Arrays.copyOf(payload, length) : payload, 0, length);
            trailers = Fields.decode(in, FieldRules.TRAILERS);
        }
        if (type == FrameType.REQUEST_END) {
            in.skipExtensions();
            events.onRequestEnd(stream, trailers);
        } else {
            Usage usage = Usage.decodeExtensions(in);
            events.onResponseEnd(stream, trailers, usage, moreWork(flags));
        }
    }

    private void session(FrameType type) throws PayloadException, SessionException {
        switch (type) {
            case DRAIN -> events.onDrain(Drain.decode(in));
            case CLOSE -> events.onClose(Close.decode(in));
            case ASK -> events.onAsk(Ask.decode(in));
            case DRAINED -> events.onDrained(Drained.decode(in));
            case HEALTH -> events.onHealth(Health.decode(in));
            case PING -> events.onPing(in.i64());
            default -> events.onPong(in.i64());
        }
    }

    private void stream(FrameType type, int flags, int stream) throws PayloadException, SessionException {
        switch (type) {
            case ACCEPTED -> events.onAccepted(stream);
            case NACK -> events.onNack(stream, Nack.decode(in));
            case CANCEL -> {
                int code = in.u16();
                String detail = in.text8();
                events.onCancel(stream, code, detail, Usage.decodeExtensions(in), moreWork(flags));
            }
            case WORK_END -> events.onWorkEnd(stream, Usage.decodeExtensions(in));
            case CREDIT -> {
                int increment = in.i32();
                if (increment <= 0) {
                    throw PayloadException.malformed(
                            "increment " + Integer.toUnsignedString(increment) + " (expected: 1 to 2^31 - 1)");
                }
                events.onCredit(stream, increment);
            }
            case LOG -> events.onLog(stream, LogLine.decode(in));
            default -> usage(stream);
        }
    }

    private void usage(int stream) throws PayloadException, SessionException {
        if (stream == 0) {
            events.onProcessUsage(ProcessUsage.decode(in));
        } else {
            events.onUsage(stream, Usage.decodeExtensions(in));
        }
    }

    private static boolean moreWork(int flags) {
        return (flags & FrameType.FLAG_MORE_WORK) != 0;
    }
}
