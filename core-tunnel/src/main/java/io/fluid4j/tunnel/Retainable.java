/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

/**
 * Something counted by references, such as the read buffer of a tunnel. Thread-safe. Whoever retains it releases it
 * exactly once; after the last release the octets belong to somebody else.
 */
public interface Retainable {

    /** Adds a reference. */
    void retain();

    /** Gives a reference up. */
    void release();

    /**
     * True when so many are retained already that a consumer which may be slow should copy the octets instead. A hint:
     * to retain is allowed all the same.
     */
    default boolean scarce() {
        return false;
    }
}
