/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.FrameType;
import org.jspecify.annotations.Nullable;

/**
 * The states of a stream as the server's frames move it: the table of P-5.4, one line each. LOG and USAGE move nothing
 * and may come in all states but the last.
 */
enum ResponseState {
    /** Nothing has come. */
    OPENED,
    /** The application has started. */
    ACCEPTED,
    /** The response head has come. */
    RESPONDING,
    /** The response has ended, the work behind it has not. */
    WORKING,
    /** All is over, the slot is free. */
    CLOSED;

    /** The state after a frame; null when the frame may not come in this state. */
    @Nullable
    ResponseState after(FrameType type, boolean moreWork) {
        ResponseState over = moreWork ? WORKING : CLOSED;
        return switch (this) {
            case OPENED ->
                switch (type) {
                    case ACCEPTED, RESPONSE_INTERIM -> ACCEPTED;
                    case NACK -> CLOSED;
                    case RESPONSE_STARTED -> RESPONDING;
                    case CANCEL -> over;
                    default -> null;
                };
            case ACCEPTED ->
                switch (type) {
                    case RESPONSE_INTERIM -> ACCEPTED;
                    case RESPONSE_STARTED -> RESPONDING;
                    case CANCEL -> over;
                    default -> null;
                };
            case RESPONDING ->
                switch (type) {
                    case RESPONSE_BODY -> RESPONDING;
                    case RESPONSE_END, CANCEL -> over;
                    default -> null;
                };
            case WORKING -> type == FrameType.WORK_END ? CLOSED : null;
            case CLOSED -> null;
        };
    }
}
