/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeaderTable;
import io.fluid4j.frame.RequestHead;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Locale;
import org.apache.coyote.Request;
import org.apache.tomcat.util.buf.MessageBytes;
import org.apache.tomcat.util.http.MimeHeaders;
import org.apache.tomcat.util.http.parser.HttpParser;
import org.jspecify.annotations.Nullable;

/**
 * Fills a Coyote request from a typed head, and makes the checks that Tomcat's HTTP parser would have made.
 *
 * <p>Target and header values stay octets: Coyote decodes and normalises a target itself only when it is bytes (with a
 * String it takes the in-memory branch and skips both), and a value becomes a String only when somebody asks. Immutable;
 * any thread.
 */
final class RequestFiller {
    /** The request may go to the container. */
    static final int ACCEPTED = 0;

    /** For MimeHeaders: the count is checked here, once, against the head. */
    static final int UNLIMITED = -1;

    private static final int EXPECT = HeaderTable.indexOf("Expect");

    /** As this version's HTTP parser shows them to applications. */
    private static final String[] NAMES = names();

    private static final String HOST = shown("Host");
    private static final String CONTENT_LENGTH = shown("Content-Length");

    private static final String TRACE_PARENT = "traceparent";
    private static final String TRACE_STATE = "tracestate";

    private static final int BAD_REQUEST = 400;
    private static final int EXPECTATION_FAILED = 417;
    private static final int FIELDS_TOO_LARGE = 431;
    private static final int NOT_IMPLEMENTED = 501;

    private final HttpParser parser;
    private final int maxHeaderCount;
    private final AddressTexts addresses = new AddressTexts();

    /**
     * What a connector's attributes allow.
     *
     * @param parser knows which characters a target may have
     * @param maxHeaderCount the most header fields, -1 for no limit but the protocol's own (256)
     */
    RequestFiller(HttpParser parser, int maxHeaderCount) {
        this.parser = parser;
        this.maxHeaderCount = maxHeaderCount;
    }

    /**
     * Fills the request, all but the server name (see {@link FluidProcessor}). {@code Host} comes first, as clients of
     * HTTP/1.1 send it.
     *
     * @return {@link #ACCEPTED}, or the status to refuse it with
     */
    int fill(Request request, RequestHead head) {
        CoyoteShim.markStart(request);
        CoyoteShim.method(request, head.method());
        request.scheme().setString(head.scheme());
        request.protocol().setString(protocol(head.protocol()));
        request.setSendfile(false);
        addresses(request, head);
        if (head.authorityLength() > 0) {
            request.getMimeHeaders()
                    .addValue(HOST)
                    .setBytes(head.targetArray(), head.authorityOffset(), head.authorityLength());
        }
        if (!target(request, head)) {
            return BAD_REQUEST;
        }
        if (head.upgrade() != null) {
            return NOT_IMPLEMENTED; // P-5.12
        }
        Fields fields = head.fields();
        if (maxHeaderCount >= 0 && fields.size() > maxHeaderCount) {
            return FIELDS_TOO_LARGE;
        }
        contentLength(request, head);
        return fields(request, fields, head.protocol());
    }

    /** What the application sees of its trace instead of what has come; null leaves that. */
    static void trace(Request request, @Nullable String parent, @Nullable String state) {
        if (parent == null) {
            return;
        }
        MimeHeaders headers = request.getMimeHeaders();
        headers.removeHeader(TRACE_PARENT);
        headers.removeHeader(TRACE_STATE);
        headers.addValue(TRACE_PARENT).setString(parent);
        if (state != null && !state.isEmpty()) {
            headers.addValue(TRACE_STATE).setString(state);
        }
    }

    private void addresses(Request request, RequestHead head) {
        InetAddress remote = head.remote();
        if (remote != null) {
            String text = addresses.of(remote);
            request.remoteAddr().setString(text);
            request.peerAddr().setString(text);
        } else {
            request.remoteAddr().setString("");
            request.peerAddr().setString("");
        }
        request.setRemotePort(head.remotePort());
        InetAddress local = head.local();
        if (local != null) {
            String text = addresses.of(local);
            request.localAddr().setString(text);
            request.localName().setString(text);
        } else {
            request.localAddr().setString("");
            request.localName().setString("");
        }
        request.setLocalPort(head.localPort());
    }

    /** Path and query as octets; false when a character may not be there (RFC 9112 §3.2, RFC 3986 §3.3, §3.4). */
    private boolean target(Request request, RequestHead head) {
        byte[] octets = head.targetArray();
        int start = head.targetOffset();
        int end = start + head.targetLength();
        int question = start;
        while (question < end && octets[question] != '?') {
            if (parser.isNotRequestTargetRelaxed(octets[question] & 0xFF)) {
                return false;
            }
            question++;
        }
        request.requestURI().setBytes(octets, start, question - start);
        if (question == end) {
            return true;
        }
        for (int i = question + 1; i < end; i++) {
            if (!parser.isQueryRelaxed(octets[i] & 0xFF)) {
                return false;
            }
        }
        request.queryString().setBytes(octets, question + 1, end - question - 1);
        return true;
    }

    private static void contentLength(Request request, RequestHead head) {
        long length = head.contentLength();
        // With END 0 also means that the client said nothing; only for methods with a body it is worth telling.
        if (length > 0 || (length == 0 && (!head.endOfRequest() || bodyExpected(head.method())))) {
            request.setContentLength(length);
            request.getMimeHeaders().addValue(CONTENT_LENGTH).setLong(length);
        }
    }

    private static int fields(Request request, Fields fields, int protocol) {
        MimeHeaders headers = request.getMimeHeaders();
        Fields.Cursor cursor = fields.cursor();
        while (cursor.next()) {
            byte[] octets = cursor.array();
            int index = cursor.index();
            MessageBytes value = index == 0
                    ? literal(headers, octets, cursor.nameOffset(), cursor.nameLength())
                    : headers.addValue(NAMES[index]);
            value.setBytes(octets, cursor.valueOffset(), cursor.valueLength());
            if (index == EXPECT && protocol != 0x10) {
                if (!value.equalsIgnoreCase("100-continue")) {
                    return EXPECTATION_FAILED;
                }
                request.setExpectation(true);
            }
        }
        return ACCEPTED;
    }

    private static MessageBytes literal(MimeHeaders headers, byte[] octets, int start, int length) {
        for (int i = start; CoyoteShim.LOWER_CASE_NAMES && i < start + length; i++) {
            if (upperCase(octets[i])) {
                return headers.addValue(lowerCase(octets, start, length), 0, length);
            }
        }
        return headers.addValue(octets, start, length);
    }

    private static byte[] lowerCase(byte[] octets, int start, int length) {
        byte[] lower = Arrays.copyOfRange(octets, start, start + length);
        for (int i = 0; i < length; i++) {
            if (upperCase(lower[i])) {
                lower[i] = (byte) (lower[i] | 0x20);
            }
        }
        return lower;
    }

    private static boolean upperCase(byte octet) {
        return octet >= 'A' && octet <= 'Z';
    }

    private static String shown(String name) {
        return CoyoteShim.LOWER_CASE_NAMES ? name.toLowerCase(Locale.ROOT) : name;
    }

    private static String[] names() {
        String[] names = new String[HeaderTable.SIZE];
        for (int i = 1; i < names.length; i++) {
            names[i] = shown(HeaderTable.name(i));
        }
        return names;
    }

    private static boolean bodyExpected(String method) {
        return switch (method) {
            case "GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT" -> false;
            default -> true;
        };
    }

    private static String protocol(int protocol) {
        return switch (protocol) {
            case 0x10 -> "HTTP/1.0";
            case 0x20 -> "HTTP/2.0";
            case 0x30 -> "HTTP/3.0";
            default -> "HTTP/1.1";
        };
    }
}
