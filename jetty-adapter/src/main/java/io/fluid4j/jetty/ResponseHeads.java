/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.HeaderTable;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encodes Jetty's response fields. What may not travel (P-6.2) is left out, as it speaks of a connection that is not
 * there. Characters that P-6.3 refuses become blanks or question marks, as on Jetty's own port. Stateless.
 */
@SuppressWarnings(
        "EnumOrdinal") // An array on the path of every response; built from the same enum at class initialisation.
final class ResponseHeads {

    private static final Logger LOG = LoggerFactory.getLogger(ResponseHeads.class);

    /** The index of each of Jetty's constants, {@link #LITERAL} where there is none, {@link #LEFT_OUT} for P-6.2. */
    private static final int[] BY_HEADER = new int[HttpHeader.values().length];

    private static final int LITERAL = 0;
    private static final int LEFT_OUT = -1;

    static {
        for (HttpHeader header : HttpHeader.values()) {
            BY_HEADER[header.ordinal()] = leftOut(header) ? LEFT_OUT : HeaderTable.indexOf(header.asString());
        }
    }

    private ResponseHeads() {}

    /**
     * Encodes a final or interim head.
     *
     * @throws IllegalArgumentException when the status is none that HTTP knows
     */
    static void encode(HeadWriter out, int status, long contentLength, HttpFields fields) {
        out.response(status, contentLength);
        for (HttpField field : fields) {
            HttpHeader header = field.getHeader();
            int index = header == null ? LITERAL : BY_HEADER[header.ordinal()];
            if (index > LITERAL) {
                indexed(out, index, field);
            } else if (index == LITERAL && (header != null || !HeadWriter.isForbiddenInResponse(field.getName()))) {
                literal(out, field);
            }
        }
    }

    /** Encodes trailers, without those that P-6.4 forbids. */
    static void trailers(HeadWriter out, HttpFields fields) {
        out.trailers();
        for (HttpField field : fields) {
            if (!HeadWriter.isForbiddenInTrailers(field.getName())) {
                literal(out, field);
            }
        }
    }

    private static boolean leftOut(HttpHeader header) {
        // Jetty's constants include the pseudo-headers of HTTP/2, which are no tokens.
        return header.asString().startsWith(":") || HeadWriter.isForbiddenInResponse(header.asString());
    }

    private static void indexed(HeadWriter out, int index, HttpField field) {
        String value = valueOf(field);
        try {
            out.field(index, value);
        } catch (IllegalArgumentException e) {
            out.field(index, cleaned(value));
        }
    }

    private static void literal(HeadWriter out, HttpField field) {
        String value = valueOf(field);
        try {
            out.field(field.getName(), value);
        } catch (IllegalArgumentException e) {
            try {
                out.field(field.getName(), cleaned(value));
            } catch (IllegalArgumentException name) {
                LOG.warn("A response field was left out: {}", name.getMessage());
            }
        }
    }

    private static String valueOf(HttpField field) {
        String value = field.getValue();
        return value == null ? "" : value;
    }

    private static String cleaned(String value) {
        StringBuilder clean = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            clean.append(c > 0xFF ? '?' : (c < 0x20 && c != '\t') || c == 0x7F ? ' ' : c);
        }
        return clean.toString();
    }
}
