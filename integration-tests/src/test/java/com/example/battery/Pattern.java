/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.battery;

/** Octets that tell their own place, so that a lost, repeated or swapped piece shows. */
public final class Pattern {

    private Pattern() {}

    /** Fills the first {@code n} octets of the buffer with those from {@code position} on. */
    public static void fill(byte[] buffer, int n, long position) {
        for (int i = 0; i < n; i++) {
            buffer[i] = at(position + i);
        }
    }

    /** The octet at a place. */
    public static byte at(long position) {
        return (byte) (position * 31 + (position >>> 8) * 7 + (position >>> 16));
    }
}
