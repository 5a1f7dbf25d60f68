/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

/**
 * A point in the history of a store. Numbers only grow within an epoch; another epoch means another history (the store
 * has lost its data), so that nothing known before can be compared with it.
 *
 * @param epoch which history; random, at least 0
 * @param number how far in it; at least 0
 */
public record Revision(long epoch, long number) {

    /** Before everything: belongs to no history. */
    public static final Revision NONE = new Revision(0, 0);

    private static final int MAX_DIGITS = 19;

    /** Checks that neither is negative. */
    public Revision {
        if (epoch < 0 || number < 0) {
            throw new IllegalArgumentException("revision " + epoch + "." + number + " (expected: no negative part)");
        }
    }

    /**
     * Reads {@code EPOCH.NUMBER}, the form of {@link #toString()}.
     *
     * @throws IllegalArgumentException when it is nothing like that
     */
    public static Revision parse(String text) {
        int dot = text.indexOf('.');
        if (dot < 1 || dot > MAX_DIGITS || text.length() - dot - 1 > MAX_DIGITS) {
            throw new IllegalArgumentException("revision \"" + text + "\" (expected: EPOCH.NUMBER)");
        }
        try {
            return new Revision(Long.parseLong(text.substring(0, dot)), Long.parseLong(text.substring(dot + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("revision \"" + text + "\" (expected: EPOCH.NUMBER)", e);
        }
    }

    /** Whether this is later in the same history. False for another epoch. */
    public boolean isAfter(Revision other) {
        return epoch == other.epoch && number > other.number;
    }

    @Override
    public String toString() {
        return epoch + "." + number;
    }
}
