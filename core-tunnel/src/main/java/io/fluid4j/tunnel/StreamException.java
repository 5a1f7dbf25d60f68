/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.ErrorCode;
import java.io.IOException;

/** Nothing more can be sent or read on a stream. It has no stack trace, since a peer can cause it at will. */
final class StreamException extends IOException {

    private static final long serialVersionUID = 1L;

    StreamException(ErrorCode code, String detail) {
        super(detail.isEmpty() ? code.toString() : code + ": " + detail);
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
