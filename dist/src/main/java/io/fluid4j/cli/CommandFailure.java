/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

/** The operation failed, and the message tells an operator why. */
public final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * A failure with no other cause.
     *
     * @param message what went wrong, and what can be done
     */
    public CommandFailure(String message) {
        super(message);
    }

    /**
     * A failure with a cause.
     *
     * @param message what went wrong, and what can be done
     * @param cause what it was
     */
    public CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
