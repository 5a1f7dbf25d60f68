/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import java.net.InetAddress;

/**
 * Texts of addresses, kept because a router shows the same few clients and its own address over and over. Any thread; a
 * race costs one text more.
 */
final class AddressTexts {
    /** Few enough to stay in the cache of a core; a power of two. */
    private static final int ENTRIES = 256;

    private final Entry[] entries = new Entry[ENTRIES];

    /** The address in numbers, as {@link InetAddress#getHostAddress()} writes it. */
    String of(InetAddress address) {
        int hash = address.hashCode();
        int slot = (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (ENTRIES - 1);
        Entry entry = entries[slot];
        if (entry == null || !entry.address.equals(address)) {
            entry = new Entry(address, address.getHostAddress());
            entries[slot] = entry;
        }
        return entry.text;
    }

    private record Entry(InetAddress address, String text) {}
}
