/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import io.fluid4j.frame.FrameType;
import io.fluid4j.testkit.WireFrame;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * A response as a test sees it.
 *
 * @param status its status
 * @param contentLength the announced length, -1 when there was none
 * @param fields by lower-case name; repeated ones are joined by a line feed
 * @param body its octets, one character each
 */
record Answer(int status, long contentLength, Map<String, String> fields, String body) {
    /** Decodes a head: RESPONSE_STARTED or RESPONSE_INTERIM. */
    static Answer head(WireFrame frame) {
        long length = (frame.u32(2) << 32) | frame.u32(6);
        return new Answer(frame.u16(0), length, fields(frame, 10), "");
    }

    /** The trailers of a RESPONSE_END. */
    static Map<String, String> trailers(WireFrame frame) {
        if (!frame.is(FrameType.RESPONSE_END)) {
            throw new AssertionError("no RESPONSE_END: " + frame);
        }
        return fields(frame, 0);
    }

    Answer withBody(byte[] octets) {
        return new Answer(status, contentLength, fields, new String(octets, StandardCharsets.ISO_8859_1));
    }

    String field(String name) {
        return fields.get(name);
    }

    private static Map<String, String> fields(WireFrame frame, int offset) {
        Map<String, String> fields = new TreeMap<>();
        int at = offset + 2;
        for (int left = frame.u16(offset); left > 0; left--) {
            int index = frame.u8(at++);
            String name;
            if (index == 0) {
                int length = frame.u8(at++);
                name = latin1(frame, at, length);
                at += length;
            } else {
                name = io.fluid4j.frame.HeaderTable.name(index);
            }
            int length = frame.u16(at);
            fields.merge(
                    name.toLowerCase(java.util.Locale.ROOT), latin1(frame, at + 2, length), (a, b) -> a + "\n" + b);
            at += 2 + length;
        }
        return fields;
    }

    private static String latin1(WireFrame frame, int from, int length) {
        return new String(frame.part(from, from + length), StandardCharsets.ISO_8859_1);
    }
}
