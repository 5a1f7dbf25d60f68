/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Checks that values fit their wire types. */
final class Ranges {

    private Ranges() {}

    static void u8(int value, String what) {
        check(value, 0xFF, what);
    }

    static void u16(int value, String what) {
        check(value, 0xFFFF, what);
    }

    static void u32(long value, String what) {
        check(value, 0xFFFF_FFFFL, what);
    }

    static void notNegative(long value, String what) {
        check(value, Long.MAX_VALUE, what);
    }

    static void text8(String text, String what) {
        // Short texts cannot be too long, whatever their characters.
        boolean tooLong = text.length() > 85 && text.getBytes(UTF_8).length > 0xFF;
        if (tooLong || text.indexOf(0) >= 0) {
            throw new IllegalArgumentException(what + " (expected: at most 255 octets, no NUL)");
        }
    }

    private static void check(long value, long max, String what) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(what + " " + value + " (expected: 0 to " + max + ")");
        }
    }
}
