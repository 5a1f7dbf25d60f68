/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A name of the zone with its answers by type. Without any it only has names below it. Immutable. */
final class NameEntry {

    // Where the answers of a type are.
    static final int A = 0;
    static final int AAAA = 1;
    static final int SRV = 2;
    static final int TXT = 3;
    static final int HTTPS = 4;
    static final int SVCB = 5;
    static final int SOA = 6;
    static final int NS = 7;
    /** How many types are answered. */
    static final int SLOTS = 8;

    /** What {@link #slot} says for a type that is never answered. */
    static final int NO_SLOT = -1;

    private static final int FNV_PRIME = 0x01000193;
    private static final int FNV_START = 0x811c9dc5;

    private final byte[] name;
    private final int hash;
    private final @Nullable Answer[][] answers;
    private final boolean empty;

    /**
     * @param name in wire form, lower case, with the root label
     * @param answers by {@link #slot}; several for one type take turns
     */
    NameEntry(byte[] name, @Nullable Answer[][] answers) {
        this.name = name;
        this.answers = answers;
        int h = startHash();
        for (byte octet : name) {
            h = addToHash(h, octet);
        }
        this.hash = h;
        boolean none = true;
        for (Answer[] some : answers) {
            none &= some == null;
        }
        this.empty = none;
    }

    static int slot(int type) {
        return switch (type) {
            case 1 -> A;
            case 28 -> AAAA;
            case 33 -> SRV;
            case 16 -> TXT;
            case 65 -> HTTPS;
            case 64 -> SVCB;
            case 6 -> SOA;
            case 2 -> NS;
            default -> NO_SLOT;
        };
    }

    static int startHash() {
        return FNV_START;
    }

    /** Adds an octet that is in lower case already. */
    static int addToHash(int hash, int octet) {
        return (hash ^ (octet & 0xff)) * FNV_PRIME;
    }

    /** Only letters change; a length octet is below 64 and so never one. */
    static int lowerCase(int octet) {
        return octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet;
    }

    int hash() {
        return hash;
    }

    byte[] name() {
        return name;
    }

    /** Whether there is no record of this name, only names below it. */
    boolean empty() {
        return empty;
    }

    /** The answers of a type, taking turns; null when there is none. */
    Answer @Nullable [] answers(int slot) {
        return answers[slot];
    }

    boolean matches(ByteBuffer message, int start, int length) {
        if (name.length != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lowerCase(message.get(start + i)) != name[i]) {
                return false;
            }
        }
        return true;
    }
}
