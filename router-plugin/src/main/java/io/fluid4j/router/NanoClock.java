/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

/** Monotonic time, injected so that tests can move it. Only differences mean something. */
@FunctionalInterface
interface NanoClock {

    /** The clock of this machine. */
    NanoClock SYSTEM = System::nanoTime;

    /** Nanoseconds since some fixed moment. */
    long nanos();
}
