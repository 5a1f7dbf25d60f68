/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.HeaderTable;
import io.fluid4j.frame.RequestHead;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.coyote.Response;
import org.apache.coyote.http11.HeadersTooLargeException;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.apache.tomcat.util.buf.ByteChunk;
import org.apache.tomcat.util.buf.MessageBytes;
import org.apache.tomcat.util.http.FastHttpDateFormat;
import org.apache.tomcat.util.http.MimeHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Encodes response heads: what Http11Processor adds (date, content type, server) is added here too; what a tunnel does
 * not carry (framing and hop-by-hop fields, P-6.2) is left out. Immutable; any thread.
 */
final class ResponseHeads {
    private static final Log LOG = LogFactory.getLog(ResponseHeads.class);

    private static final int CONTENT_TYPE = HeaderTable.indexOf("Content-Type");
    private static final int CONTENT_LANGUAGE = HeaderTable.indexOf("Content-Language");
    private static final int DATE = HeaderTable.indexOf("Date");
    private static final int SERVER = HeaderTable.indexOf("Server");

    private static final int HTTP_1_0 = 0x10;

    private static final int NO_CONTENT = 204;
    private static final int RESET_CONTENT = 205;
    private static final int NOT_MODIFIED = 304;

    private final FluidProtocol protocol;

    ResponseHeads(FluidProtocol protocol) {
        this.protocol = protocol;
    }

    /**
     * Encodes the head of a response, and settles its content length.
     *
     * @param head where to
     * @param request of the request
     * @param response what the application made
     * @return true when the response has no body, whatever the application writes
     */
    boolean encode(HeadWriter head, RequestHead request, Response response) {
        int status = response.getStatus();
        boolean empty = status == NO_CONTENT || status == RESET_CONTENT || status == NOT_MODIFIED;
        if (empty) {
            response.setContentLength(status == RESET_CONTENT ? 0 : -1);
        }
        if (response.getTrailerFields() != null && request.protocol() != HTTP_1_0) {
            // As Tomcat's HTTP/1.1: a body of an announced length has no place for trailers.
            response.setContentLength(-1);
        }
        head.response(status, response.getContentLengthLong());
        MimeHeaders headers = response.getMimeHeaders();
        if (!empty) {
            String type = response.getContentType();
            if (type != null) {
                headers.removeHeader("Content-Type");
                field(head, CONTENT_TYPE, "Content-Type", type);
            }
            String language = response.getContentLanguage();
            if (language != null) {
                headers.removeHeader("Content-Language");
                field(head, CONTENT_LANGUAGE, "Content-Language", language);
            }
        }
        if (headers.getValue("Date") == null) {
            head.field(DATE, FastHttpDateFormat.getCurrentDate());
        }
        String server = protocol.getServer();
        if (server != null) {
            headers.removeHeader("Server");
            field(head, SERVER, "Server", server);
        } else if (protocol.getServerRemoveAppProvidedValues()) {
            headers.removeHeader("Server");
        }
        fields(head, headers);
        if (head.length() > protocol.maxHeadBytes()) {
            throw new HeadersTooLargeException("response head of " + head.length() + " octets (expected: at most "
                    + protocol.maxHeadBytes() + ")");
        }
        return empty || "HEAD".equals(request.method());
    }

    /** Adds an application's fields. */
    void fields(HeadWriter head, MimeHeaders headers) {
        int size = headers.size();
        for (int i = 0; i < size; i++) {
            MessageBytes name = headers.getName(i);
            MessageBytes value = headers.getValue(i);
            if (value.getType() == MessageBytes.T_STR && value.getCharset().equals(StandardCharsets.ISO_8859_1)) {
                field(head, name.toString(), value.getString());
            } else if (!value.isNull()) {
                octets(head, name, value);
            }
        }
    }

    /** The trailers an application has set, without those that may not be trailers; null when none is left. */
    static @Nullable HeadWriter trailers(@Nullable Map<String, String> fields) {
        if (fields == null || fields.isEmpty()) {
            return null;
        }
        HeadWriter head = new HeadWriter().trailers();
        fields.forEach((name, value) -> {
            if (name != null && value != null && !HeadWriter.isForbiddenInTrailers(name)) {
                field(head, name, value);
            }
        });
        return head.size() == 0 ? null : head;
    }

    private static void field(HeadWriter head, int index, String name, String value) {
        try {
            head.field(index, value);
        } catch (IllegalArgumentException e) {
            cleaned(head, name, value, e);
        }
    }

    private static void field(HeadWriter head, String name, @Nullable String value) {
        if (value == null) {
            return;
        }
        try {
            head.field(name, value);
        } catch (IllegalArgumentException e) {
            if (!HeadWriter.isForbiddenInResponse(name)) {
                cleaned(head, name, value, e);
            }
        }
    }

    /** A value the application gave in a charset of its own, or as octets. */
    private static void octets(HeadWriter head, MessageBytes name, MessageBytes value) {
        String nameText = name.toString();
        value.toBytes();
        ByteChunk octets = value.getByteChunk();
        byte[] nameOctets = nameText.getBytes(StandardCharsets.ISO_8859_1);
        try {
            head.field(nameOctets, 0, nameOctets.length, octets.getBytes(), octets.getStart(), octets.getLength());
        } catch (IllegalArgumentException e) {
            if (!HeadWriter.isForbiddenInResponse(nameText)) {
                cleaned(head, nameText, octets.toString(), e);
            }
        }
    }

    /** As Tomcat's HTTP/1.1: control characters in a value become spaces. A field that is still refused is left out. */
    private static void cleaned(HeadWriter head, String name, String value, IllegalArgumentException refusal) {
        StringBuilder clean = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            clean.append((c < 0x20 && c != '\t') || c == 0x7F ? ' ' : c > 0xFF ? '?' : c);
        }
        try {
            head.field(name, clean.toString());
        } catch (IllegalArgumentException e) {
            LOG.warn("a response header was left out: " + refusal.getMessage());
        }
    }
}
