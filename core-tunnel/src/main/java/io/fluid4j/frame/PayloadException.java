/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

/** A payload that does not parse. The frame's stream id decides whether it is a stream or a session error (P-2.3). */
final class PayloadException extends Exception {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    PayloadException(ErrorCode code, String detail) {
        super(detail, null, false, false);
        this.code = code;
    }

    static PayloadException malformed(String detail) {
        return new PayloadException(ErrorCode.MALFORMED, detail);
    }

    ErrorCode code() {
        return code;
    }

    String detail() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
