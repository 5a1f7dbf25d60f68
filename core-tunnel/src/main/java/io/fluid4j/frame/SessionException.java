/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.util.Objects.requireNonNull;

/**
 * A session error (P-5.9): the session is closed with {@link #code()}, and nothing more is read from it. It has no
 * stack trace, since a peer can cause it at will.
 */
public final class SessionException extends Exception {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String detail;
    private final boolean silent;

    /**
     * A session error that is answered with CLOSE.
     *
     * @param code what CLOSE carries
     * @param detail value and expectation, for the log; it may go into CLOSE once the handshake is complete
     */
    public SessionException(ErrorCode code, String detail) {
        this(code, detail, false);
    }

    SessionException(ErrorCode code, String detail, boolean silent) {
        super(code + ": " + detail, null, false, false);
        this.code = requireNonNull(code, "code");
        this.detail = requireNonNull(detail, "detail");
        this.silent = silent;
    }

    /** The code for CLOSE. */
    public ErrorCode code() {
        return code;
    }

    /** Value and expectation, without the code. */
    public String detail() {
        return detail;
    }

    /** True when the peer has not shown that it speaks this protocol: close without any answer (P-4.2). */
    public boolean silent() {
        return silent;
    }
}
