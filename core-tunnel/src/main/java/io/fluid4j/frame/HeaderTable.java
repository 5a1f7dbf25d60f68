/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Locale;

/**
 * The names with an index (PROTOCOL.md section 10). Look-ups regard no case and make no garbage: a small hash table
 * over length, first, middle and last octet, then one comparison. Immutable, for any thread.
 */
public final class HeaderTable {

    /** One more than the largest index; index 0 stands for a literal name. */
    public static final int SIZE = 82;

    /** What {@link #indexOf(String)} returns for a name without an index. */
    public static final int NONE = 0;

    static final int AUTHORIZATION = 17;
    static final int CACHE_CONTROL = 18;
    static final int CONTENT_ENCODING = 20;
    static final int CONTENT_RANGE = 23;
    static final int CONTENT_TYPE = 25;
    static final int COOKIE = 26;
    static final int EXPECT = 29;
    static final int LOCATION = 41;
    static final int MAX_FORWARDS = 42;
    static final int RANGE = 47;
    static final int SET_COOKIE = 60;
    static final int TE = 62;
    static final int TRAILER = 65;

    private static final String[] NAMES = {
        "",
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Accept-Ranges",
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Access-Control-Max-Age",
        "Access-Control-Request-Headers",
        "Access-Control-Request-Method",
        "Age",
        "Allow",
        "Alt-Svc",
        "Authorization",
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Location",
        "Content-Range",
        "Content-Security-Policy",
        "Content-Type",
        "Cookie",
        "Date",
        "ETag",
        "Expect",
        "Expires",
        "Forwarded",
        "From",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Last-Event-ID",
        "Last-Modified",
        "Link",
        "Location",
        "Max-Forwards",
        "Mcp-Session-Id",
        "Origin",
        "Pragma",
        "Priority",
        "Range",
        "Referer",
        "Referrer-Policy",
        "Retry-After",
        "Sec-CH-UA",
        "Sec-CH-UA-Mobile",
        "Sec-CH-UA-Platform",
        "Sec-Fetch-Dest",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "Sec-Fetch-User",
        "Server",
        "Server-Timing",
        "Set-Cookie",
        "Strict-Transport-Security",
        "TE",
        "traceparent",
        "tracestate",
        "Trailer",
        "Upgrade-Insecure-Requests",
        "User-Agent",
        "Vary",
        "Via",
        "WWW-Authenticate",
        "X-Accel-Buffering",
        "X-Content-Type-Options",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "X-Frame-Options",
        "X-Powered-By",
        "X-Request-Id",
        "X-Requested-With",
        "X-XSS-Protection"
    };

    /** The names in small letters, as HTTP/2 clients send them. */
    private static final String[] SMALL = new String[SIZE];

    private static final byte[][] FOLDED = new byte[SIZE][];
    /** Open addressing; three times as many places as names keep the runs short. */
    private static final byte[] PLACES = new byte[256];

    static {
        for (int index = 1; index < SIZE; index++) {
            SMALL[index] = NAMES[index].toLowerCase(Locale.ROOT);
            byte[] folded = SMALL[index].getBytes(ISO_8859_1);
            FOLDED[index] = folded;
            int length = folded.length;
            int place = place(length, folded[0], folded[length >> 1], folded[length - 1]);
            while (PLACES[place] != NONE) {
                place = (place + 1) & 0xFF;
            }
            PLACES[place] = (byte) index;
        }
    }

    private HeaderTable() {}

    /** The index of a name, whatever its case; {@link #NONE} when it has none. */
    public static int indexOf(String name) {
        int length = name.length();
        if (length == 0) {
            return NONE;
        }
        int place = place(length, fold(name.charAt(0)), fold(name.charAt(length >> 1)), fold(name.charAt(length - 1)));
        for (int index = PLACES[place]; index != NONE; index = PLACES[place]) {
            if (matches(name, index)) {
                return index;
            }
            place = (place + 1) & 0xFF;
        }
        return NONE;
    }

    /** The index of a name given as octets, whatever its case; {@link #NONE} when it has none. The array is borrowed. */
    public static int indexOf(byte[] name, int offset, int length) {
        if (length == 0) {
            return NONE;
        }
        int place = place(
                length,
                Octets.FOLD[name[offset] & 0xFF],
                Octets.FOLD[name[offset + (length >> 1)] & 0xFF],
                Octets.FOLD[name[offset + length - 1] & 0xFF]);
        for (int index = PLACES[place]; index != NONE; index = PLACES[place]) {
            if (Octets.equalsFolded(name, offset, length, FOLDED[index])) {
                return index;
            }
            place = (place + 1) & 0xFF;
        }
        return NONE;
    }

    /**
     * The name with that index, in the table's spelling: always the same String.
     *
     * @throws IndexOutOfBoundsException for an index without an entry
     */
    public static String name(int index) {
        if (index < 1 || index >= SIZE) {
            throw new IndexOutOfBoundsException("index " + index + " (expected: 1 to " + (SIZE - 1) + ")");
        }
        return NAMES[index];
    }

    /** P-6.4: the names with an index that may not be trailers. */
    static boolean forbiddenInTrailers(int index) {
        return switch (index) {
            case AUTHORIZATION,
                    CACHE_CONTROL,
                    CONTENT_ENCODING,
                    CONTENT_RANGE,
                    CONTENT_TYPE,
                    COOKIE,
                    EXPECT,
                    LOCATION,
                    MAX_FORWARDS,
                    RANGE,
                    SET_COOKIE,
                    TE,
                    TRAILER -> true;
            default -> false;
        };
    }

    private static boolean matches(String name, int index) {
        byte[] folded = FOLDED[index];
        int length = folded.length;
        if (name.length() != length) {
            return false;
        }
        // The usual spellings are compared a word at a time.
        if (name.equals(NAMES[index]) || name.equals(SMALL[index])) {
            return true;
        }
        for (int i = 0; i < length; i++) {
            if (fold(name.charAt(i)) != folded[i]) {
                return false;
            }
        }
        return true;
    }

    /** Characters beyond ASCII become NUL, which no name holds. */
    private static int fold(char c) {
        return c < 0x80 ? Octets.FOLD[c] : 0;
    }

    private static int place(int length, int first, int middle, int last) {
        return (length * 13 + first * 37 + middle * 5 + last * 61) & 0xFF;
    }
}
