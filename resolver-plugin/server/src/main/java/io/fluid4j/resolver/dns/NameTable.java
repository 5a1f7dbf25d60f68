/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Names to entries: open addressing in one array, so that a look-up by the octets of a query touches two cache lines and
 * makes no key object. One thread writes; any thread reads without a lock and sees, for each name, the entry before or
 * after a write.
 *
 * <p>An entry that is removed leaves a mark, because a search goes on until it meets an empty slot. Marks go when the
 * array is made anew.
 */
final class NameTable {

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(NameEntry[].class);
    private static final int MIN_SLOTS = 64;
    /** Where a name was removed. Its name has no octets, as none of a query can have. */
    private static final NameEntry REMOVED = new NameEntry(new byte[0], new Answer[NameEntry.SLOTS][]);

    private volatile @Nullable NameEntry[] slots = new NameEntry[MIN_SLOTS];
    // Used by the writer only:
    private int names;
    private int used;

    /**
     * Looks a name up.
     *
     * @param message holds the name in wire form, in any case
     * @param start where it begins
     * @param length its length with the root label
     * @param hash its hash in lower case
     */
    @Nullable
    NameEntry find(ByteBuffer message, int start, int length, int hash) {
        @Nullable NameEntry[] all = slots;
        int mask = all.length - 1;
        for (int i = spread(hash) & mask; ; i = (i + 1) & mask) {
            NameEntry entry = (NameEntry) SLOT.getAcquire(all, i);
            if (entry == null) {
                return null;
            }
            if (entry.hash() == hash && entry.matches(message, start, length)) {
                return entry;
            }
        }
    }

    /** Adds an entry, or replaces the one of the same name. */
    void put(NameEntry entry) {
        @Nullable NameEntry[] all = slots;
        int mask = all.length - 1;
        int free = -1;
        for (int i = spread(entry.hash()) & mask; ; i = (i + 1) & mask) {
            NameEntry there = all[i];
            if (there == null) {
                boolean reused = free >= 0;
                SLOT.setRelease(all, reused ? free : i, entry);
                names++;
                used += reused ? 0 : 1;
                break;
            }
            if (there == REMOVED) {
                free = free < 0 ? i : free;
            } else if (same(there, entry.hash(), entry.name())) {
                SLOT.setRelease(all, i, entry);
                return;
            }
        }
        if (used * 2 > all.length) {
            rebuild();
        }
    }

    /** Removes a name; nothing happens when it is not there. */
    void remove(NameEntry entry) {
        @Nullable NameEntry[] all = slots;
        int mask = all.length - 1;
        for (int i = spread(entry.hash()) & mask; ; i = (i + 1) & mask) {
            NameEntry there = all[i];
            if (there == null) {
                return;
            }
            if (there != REMOVED && same(there, entry.hash(), entry.name())) {
                SLOT.setRelease(all, i, REMOVED);
                names--;
                return;
            }
        }
    }

    /** How many names there are; exact on the writer's thread. */
    int size() {
        return names;
    }

    private void rebuild() {
        @Nullable NameEntry[] old = slots;
        int size = MIN_SLOTS;
        while (size < names * 4) {
            size *= 2;
        }
        @Nullable NameEntry[] next = new NameEntry[size];
        int mask = size - 1;
        for (NameEntry entry : old) {
            if (entry != null && entry != REMOVED) {
                int i = spread(entry.hash()) & mask;
                while (next[i] != null) {
                    i = (i + 1) & mask;
                }
                next[i] = entry;
            }
        }
        used = names;
        slots = next;
    }

    private static boolean same(NameEntry entry, int hash, byte[] name) {
        return entry.hash() == hash && Arrays.equals(entry.name(), name);
    }

    /** The low bits of FNV alone are weak. */
    private static int spread(int hash) {
        return hash ^ (hash >>> 15);
    }
}
