/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.util.concurrent.atomic.LongAdder;

/** Counts how requests ended, for the signals that look at the recent past. Thread-safe; counters only grow. */
final class Outcomes {
    private final LongAdder responses = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final LongAdder timeouts = new LongAdder();

    void responded(int status) {
        responses.increment();
        if (status >= 500) {
            errors.increment();
        }
    }

    /** The container or the application broke after the response had begun, or before there was one. */
    void failed() {
        errors.increment();
    }

    /** The deadline passed before the response had begun; there will be no response to count. */
    void timedOut() {
        timeouts.increment();
    }

    long responses() {
        return responses.sum();
    }

    long errors() {
        return errors.sum();
    }

    long timeouts() {
        return timeouts.sum();
    }
}
