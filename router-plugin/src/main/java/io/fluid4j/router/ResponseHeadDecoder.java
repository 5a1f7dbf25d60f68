/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeaderTable;
import io.fluid4j.frame.ResponseHead;
import java.util.Arrays;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.jspecify.annotations.Nullable;

/**
 * Turns the head of an instance's response into Jetty's fields. Names and values have passed P-6.2 and P-6.3 when they
 * were decoded, so none can split a response. Common values are kept encoded: neither a String nor its octets are made
 * again for the next response that has them. For any thread: the cache is a race between equal immutable values.
 */
final class ResponseHeadDecoder {

    private static final HttpHeader[] HEADERS = new HttpHeader[HeaderTable.SIZE];
    /** Fields whose values repeat from response to response. */
    private static final boolean[] REPEATING = new boolean[HeaderTable.SIZE];

    private static final int CACHE_PLACES = 512;
    private static final int MAX_CACHED_BYTES = 128;
    private static final int DATE = HeaderTable.indexOf("Date");

    private static final String[] REPEATING_NAMES = {
        "Accept-Ranges",
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Allow",
        "Alt-Svc",
        "Cache-Control",
        "Content-Encoding",
        "Content-Language",
        "Content-Security-Policy",
        "Content-Type",
        "Expires",
        "Pragma",
        "Referrer-Policy",
        "Server",
        "Strict-Transport-Security",
        "Vary",
        "X-Accel-Buffering",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "X-Powered-By",
        "X-XSS-Protection"
    };

    static {
        for (HttpHeader header : HttpHeader.values()) {
            int index = HeaderTable.indexOf(header.asString());
            if (index != HeaderTable.NONE) {
                HEADERS[index] = header;
            }
        }
        for (String name : REPEATING_NAMES) {
            REPEATING[HeaderTable.indexOf(name)] = true;
        }
    }

    /** A field with the octets of its value, to be compared without making a String. */
    @SuppressWarnings("ArrayRecordComponent") // Never leaves this class, never changed.
    private record Cached(int index, byte[] value, HttpField field) {}

    private final @Nullable Cached[] cache = new Cached[CACHE_PLACES];

    /**
     * Adds the fields of a head.
     *
     * @param target where to
     * @return true when Date was among them
     */
    boolean decode(ResponseHead head, HttpFields.Mutable target) {
        boolean dated = false;
        Fields.Cursor cursor = head.fields().cursor();
        while (cursor.next()) {
            int index = cursor.index();
            dated |= index == DATE;
            if (index == HeaderTable.NONE) {
                String name = cursor.name();
                if (!internal(name)) {
                    target.add(new HttpField(name, cursor.value()));
                }
            } else if (REPEATING[index] && cursor.valueLength() <= MAX_CACHED_BYTES) {
                target.add(cached(index, cursor));
            } else {
                target.add(field(index, cursor.value()));
            }
        }
        return dated;
    }

    /** Trailers, or null when there are none. */
    static @Nullable HttpFields trailers(Fields fields) {
        if (fields.size() == 0) {
            return null;
        }
        HttpFields.Mutable trailers = HttpFields.build(fields.size());
        Fields.Cursor cursor = fields.cursor();
        while (cursor.next()) {
            trailers.add(cursor.name(), cursor.value());
        }
        return trailers;
    }

    private HttpField cached(int index, Fields.Cursor cursor) {
        byte[] array = cursor.array();
        int offset = cursor.valueOffset();
        int length = cursor.valueLength();
        int hash = index * 31 + length;
        for (int i = offset; i < offset + length; i++) {
            hash = hash * 31 + array[i];
        }
        int place = (hash ^ (hash >>> 16)) & (CACHE_PLACES - 1);
        Cached known = cache[place];
        if (known != null
                && known.index == index
                && Arrays.equals(known.value, 0, known.value.length, array, offset, offset + length)) {
            return known.field;
        }
        HttpHeader header = HEADERS[index];
        String value = cursor.value();
        HttpField field = header == null
                ? new PreEncodedHttpField(HeaderTable.name(index), value)
                : new PreEncodedHttpField(header, value);
        cache[place] = new Cached(index, cursor.valueBytes(), field);
        return field;
    }

    private static HttpField field(int index, String value) {
        HttpHeader header = HEADERS[index];
        return header == null ? new HttpField(HeaderTable.name(index), value) : new HttpField(header, value);
    }

    /** What is between router and instance stays there, and an application cannot forge the router's own fields. */
    private static boolean internal(String name) {
        return name.regionMatches(true, 0, "X-Fluid-", 0, 8) || name.regionMatches(true, 0, "Fluid-", 0, 6);
    }
}
