/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/** Which fields may stand in which head (P-6.2, P-6.4). Both ends check by these rules. */
enum FieldRules {
    REQUEST,
    RESPONSE,
    TRAILERS;

    private static final byte[] HOST = octets("host");
    private static final byte[] UPGRADE = octets("upgrade");
    private static final byte[] CONNECTION = octets("connection");
    private static final byte[] KEEP_ALIVE = octets("keep-alive");
    private static final byte[] CONTENT_LENGTH = octets("content-length");
    private static final byte[] PROXY_CONNECTION = octets("proxy-connection");
    private static final byte[] TRANSFER_ENCODING = octets("transfer-encoding");
    private static final byte[] TRAILERS_VALUE = octets("trailers");

    /** A name that may not occur here at all; {@code index} is its index or 0. */
    boolean forbids(int index, byte[] name, int offset, int length) {
        if (index != HeaderTable.NONE) {
            return this == TRAILERS && HeaderTable.forbiddenInTrailers(index);
        }
        return switch (length) {
            case 4 -> this != RESPONSE && Octets.equalsFolded(name, offset, length, HOST);
            case 7 -> Octets.equalsFolded(name, offset, length, UPGRADE);
            case 10 ->
                Octets.equalsFolded(name, offset, length, CONNECTION)
                        || Octets.equalsFolded(name, offset, length, KEEP_ALIVE);
            case 14 -> Octets.equalsFolded(name, offset, length, CONTENT_LENGTH);
            case 16 -> Octets.equalsFolded(name, offset, length, PROXY_CONNECTION);
            case 17 -> Octets.equalsFolded(name, offset, length, TRANSFER_ENCODING);
            default -> false;
        };
    }

    /** The same for a literal name given as a String. */
    boolean forbidsLiteral(String name) {
        int length = name.length();
        return (length == 4 || length == 7 || length == 10 || length == 14 || length == 16 || length == 17)
                && forbids(HeaderTable.NONE, octets(name), 0, length);
    }

    /** The value of an allowed name: P-6.3, and TE only as {@code trailers}. */
    boolean allowsValue(int index, byte[] array, int offset, int length) {
        if (index == HeaderTable.TE) {
            return Octets.equalsFolded(array, offset, length, TRAILERS_VALUE);
        }
        return Octets.value(array, offset, length);
    }

    private static byte[] octets(String word) {
        return word.getBytes(ISO_8859_1);
    }
}
