/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.FrameType;
import org.jspecify.annotations.Nullable;

/** The states of the request half as the requester's frames move it: the table of P-5.5. */
enum RequestState {
    /** The body may go on. */
    SENDING,
    /** The request is complete. */
    SENT,
    /** The requester gave up. */
    CANCELLED;

    /** The state after a frame; null when the frame may not come in this state. */
    @Nullable
    RequestState after(FrameType type) {
        return switch (this) {
            case SENDING ->
                switch (type) {
                    case REQUEST_BODY -> SENDING;
                    case REQUEST_END -> SENT;
                    case CANCEL -> CANCELLED;
                    default -> null;
                };
            case SENT -> type == FrameType.CANCEL ? CANCELLED : null;
            case CANCELLED -> null;
        };
    }
}
