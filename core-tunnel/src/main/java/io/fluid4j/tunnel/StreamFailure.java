/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.ErrorCode;

/**
 * Why a stream ended without a complete response. Immutable.
 *
 * @param code the reason; {@link ErrorCode#CONNECTION_LOST} when the tunnel was lost
 * @param detail for logs; may be empty
 * @param notStarted true only with proof that the request never reached the server (P-5.3): it may be sent elsewhere
 * @param tunnelLost true when the whole session ended, not this stream alone
 */
public record StreamFailure(ErrorCode code, String detail, boolean notStarted, boolean tunnelLost) {

    /** Refuses null. */
    public StreamFailure {
        requireNonNull(code, "code");
        requireNonNull(detail, "detail");
    }
}
