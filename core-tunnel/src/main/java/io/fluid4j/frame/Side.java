/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/**
 * One end of a tunnel, as the frame table of PROTOCOL.md section 3 names it. During the handshake an end is the
 * dialler or the acceptor; afterwards it is the requester or the server (P-1.1).
 */
public enum Side {
    /** Opened the connection. */
    DIALLER,
    /** Accepted the connection. */
    ACCEPTOR,
    /** Opens streams: a router. */
    REQUESTER,
    /** Answers streams: an instance. */
    SERVER
}
