/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/**
 * Which frame may come now, from which side and on which stream id (P-3.2, P-3.3, P-4.1), without the states of streams.
 * Belongs to one {@link FrameReader}.
 */
final class FrameOrder {

    private static final int NOTHING_DUE = -1;

    private Side peer;
    /** During the handshake the id of the one frame that is due. */
    private int due;

    private boolean handshake;
    /** The greatest stream id the requester has used. */
    private int lastStream;

    FrameOrder(Side peer) {
        this.peer = peer;
        this.handshake = peer == Side.DIALLER || peer == Side.ACCEPTOR;
        this.due = peer == Side.DIALLER ? FrameType.HELLO.id() : FrameType.CHALLENGE.id();
    }

    void established(Side newPeer) {
        if (newPeer == Side.DIALLER || newPeer == Side.ACCEPTOR) {
            throw new IllegalArgumentException("peer " + newPeer + " (expected: REQUESTER or SERVER)");
        }
        if (!handshake) {
            throw new IllegalStateException("the handshake is complete already");
        }
        peer = newPeer;
        handshake = false;
    }

    /** An error that is answered, unless the peer has not shown yet that it speaks this protocol. */
    SessionException error(ErrorCode code, String detail) {
        return new SessionException(code, detail, handshake && due == FrameType.HELLO.id());
    }

    void checkUnknown(int typeId) throws SessionException {
        String shown = "frame type 0x" + Integer.toHexString(typeId);
        if (handshake) {
            throw error(ErrorCode.PROTOCOL, shown + " during the handshake");
        }
        if ((typeId & FrameType.IGNORABLE_BIT) == 0) {
            throw error(ErrorCode.UNSUPPORTED, shown + " is not known");
        }
    }

    void check(FrameType type, int stream) throws SessionException {
        if (handshake) {
            checkHandshake(type, stream);
            return;
        }
        if (!type.sender().allows(peer)) {
            throw error(ErrorCode.PROTOCOL, type + " from the " + peer);
        }
        if (!type.streamRule().allows(stream) || stream < 0) {
            throw error(ErrorCode.PROTOCOL, type + " on stream " + Integer.toUnsignedString(stream));
        }
        if (peer == Side.REQUESTER) {
            checkRequester(type, stream);
        }
    }

    private void checkRequester(FrameType type, int stream) throws SessionException {
        if (type == FrameType.REQUEST_STARTED) {
            if (stream <= lastStream) {
                throw error(
                        ErrorCode.PROTOCOL,
                        "REQUEST_STARTED on stream " + stream + " (expected: more than " + lastStream + ")");
            }
            lastStream = stream;
        } else if (stream > lastStream) {
            throw error(ErrorCode.PROTOCOL, type + " on stream " + stream + ", which was not opened");
        }
    }

    private void checkHandshake(FrameType type, int stream) throws SessionException {
        if (stream != 0 || (type != FrameType.CLOSE && type.id() != due)) {
            throw error(
                    ErrorCode.PROTOCOL,
                    type + " on stream " + Integer.toUnsignedString(stream)
                            + " during the handshake (expected: "
                            + (due == NOTHING_DUE ? "nothing" : FrameType.of(due)) + ")");
        }
        if (type != FrameType.CLOSE && type != FrameType.HELLO) {
            advance(type);
        }
    }

    /** HELLO counts once its magic has been seen; the others at once. */
    void advance(FrameType type) {
        due = type == FrameType.HELLO
                ? FrameType.PROOF.id()
                : type == FrameType.CHALLENGE ? FrameType.WELCOME.id() : NOTHING_DUE;
    }
}
