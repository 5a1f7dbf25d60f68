/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import java.net.InetAddress;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the payload of one head or of trailers into a growing array, to be reused: begin with {@link #request},
 * {@link #response} or {@link #trailers}, then the fields, then the extensions. What breaks P-6.2 to P-6.4 is refused
 * here, so that nothing of the kind is ever sent. Not thread-safe: keep one per thread or per exchange.
 */
public final class HeadWriter {

    /** A typical head with cookies fits without growing. */
    private static final int INITIAL_BYTES = 1024;

    private static final int NO_FIELDS_YET = -1;

    private final PayloadWriter out = new PayloadWriter(INITIAL_BYTES);
    private FieldRules rules = FieldRules.TRAILERS;
    private int countAt = NO_FIELDS_YET;
    private int count;
    private boolean extended;

    /** An empty writer. */
    public HeadWriter() {}

    /**
     * Begins a request head (P-5.20); what was written before is dropped.
     *
     * @param method a token
     * @param scheme {@code http} or {@code https}
     * @param protocol the client's: 0x10 HTTP/1.0, 0x11 HTTP/1.1, 0x20 HTTP/2, 0x30 HTTP/3
     * @param hops routers passed, this one included, 0 to 255
     * @param contentLength octets of the body, -1 when not known
     * @param deadlineMillis milliseconds until the response must have started, 0 for none
     * @param requestId 16 octets
     * @param target path and query as the client sent them, or {@code *}
     * @param authority host and optional port, or empty
     * @param remote the client's address, null when not known
     * @param remotePort the client's port
     * @param local the address the client connected to, null when not known
     * @param localPort the port the client connected to
     * @return this
     * @throws IllegalArgumentException when a value breaks P-5.20 or P-6.3
     */
    public HeadWriter request(
            String method,
            String scheme,
            int protocol,
            int hops,
            long contentLength,
            long deadlineMillis,
            byte[] requestId,
            byte[] target,
            String authority,
            @Nullable InetAddress remote,
            int remotePort,
            @Nullable InetAddress local,
            int localPort) {
        start(FieldRules.REQUEST);
        method(method);
        scheme(scheme);
        if (!RequestHead.knownProtocol(protocol)) {
            throw new IllegalArgumentException("protocol 0x" + Integer.toHexString(protocol));
        }
        out.u8(protocol);
        out.u8(inRange(hops, 0, 0xFF, "hops"));
        out.i64(inRange(contentLength, -1, Long.MAX_VALUE, "content length"));
        out.u32(inRange(deadlineMillis, 0, 0xFFFF_FFFFL, "deadline"));
        if (requestId.length != RequestHead.REQUEST_ID_BYTES) {
            throw new IllegalArgumentException("request id has " + requestId.length + " octets (expected: 16)");
        }
        out.bytes(requestId);
        if (!Octets.target(target, 0, target.length)) {
            throw new IllegalArgumentException("target is not origin-form nor *");
        }
        out.bytes16(target, "target");
        int lengthAt = out.length();
        out.u16(0);
        int length = latin1(authority, "authority");
        if (!Octets.authority(out.array(), lengthAt + 2, length)) {
            throw new IllegalArgumentException("authority is not host and port");
        }
        out.putU16(lengthAt, inRange(length, 0, 0xFFFF, "length of the authority"));
        address(remote, remotePort);
        address(local, localPort);
        beginFields();
        return this;
    }

    /** The same with the target as a String of one character per octet (ISO-8859-1). */
    public HeadWriter request(
            String method,
            String scheme,
            int protocol,
            int hops,
            long contentLength,
            long deadlineMillis,
            byte[] requestId,
            String target,
            String authority,
            @Nullable InetAddress remote,
            int remotePort,
            @Nullable InetAddress local,
            int localPort) {
        for (int i = 0; i < target.length(); i++) {
            if (target.charAt(i) > 0xFF) {
                throw new IllegalArgumentException("target has a character above U+00FF");
            }
        }
        return request(
                method,
                scheme,
                protocol,
                hops,
                contentLength,
                deadlineMillis,
                requestId,
                target.getBytes(ISO_8859_1),
                authority,
                remote,
                remotePort,
                local,
                localPort);
    }

    /**
     * Begins a final or interim response head (P-5.21); what was written before is dropped.
     *
     * @param status 100 to 599; below 200 (but 101) the head is an interim one
     * @param contentLength octets of the body, -1 when not known or interim
     * @return this
     */
    public HeadWriter response(int status, long contentLength) {
        boolean interim = status < 200 && status != 101;
        if (!ResponseHead.allowed(status, interim)) {
            throw new IllegalArgumentException("status " + status + " (expected: 100 to 599)");
        }
        start(FieldRules.RESPONSE);
        out.u16(status);
        out.i64(inRange(contentLength, -1, interim ? -1 : Long.MAX_VALUE, "content length"));
        beginFields();
        return this;
    }

    /** Begins trailers (P-5.22, P-6.4); what was written before is dropped. */
    public HeadWriter trailers() {
        start(FieldRules.TRAILERS);
        beginFields();
        return this;
    }

    /**
     * Adds a field. White space at the ends of the value is left out, as it has no meaning; the characters are written
     * as octets (ISO-8859-1).
     *
     * @return this
     * @throws IllegalArgumentException naming the field, when the name may not occur here ({@link #isForbidden}), is
     *     not a token, or the value has an octet that P-6.3 forbids
     */
    public HeadWriter field(String name, String value) {
        int index = HeaderTable.indexOf(name);
        int mark = beginField();
        out.u8(index);
        int nameAt = 0;
        int nameLength = 0;
        if (index == HeaderTable.NONE) {
            out.u8(0);
            nameAt = out.length();
            nameLength = latin1OrCut(name, mark);
            if (nameLength > 0xFF || !Octets.token(out.array(), nameAt, nameLength)) {
                throw refused(mark, name, "name is not a token of at most 255 octets");
            }
            out.array()[nameAt - 1] = (byte) nameLength;
        }
        if (rules.forbids(index, out.array(), nameAt, nameLength)) {
            throw refused(mark, name, "name may not occur here");
        }
        value(mark, index, name, value);
        return this;
    }

    /**
     * Adds a field whose name has an index (PROTOCOL.md section 10).
     *
     * @return this
     * @throws IllegalArgumentException as {@link #field(String, String)}
     */
    public HeadWriter field(int index, String value) {
        String name = HeaderTable.name(index);
        int mark = beginField();
        if (rules.forbids(index, Text.NO_BYTES, 0, 0)) {
            throw refused(mark, name, "name may not occur here");
        }
        out.u8(index);
        value(mark, index, name, value);
        return this;
    }

    /**
     * Adds a field from octets, which are borrowed for the call.
     *
     * @return this
     * @throws IllegalArgumentException as {@link #field(String, String)}
     */
    public HeadWriter field(
            byte[] name, int nameOffset, int nameLength, byte[] value, int valueOffset, int valueLength) {
        int index = HeaderTable.indexOf(name, nameOffset, nameLength);
        int mark = beginField();
        if (index == HeaderTable.NONE && (nameLength > 0xFF || !Octets.token(name, nameOffset, nameLength))) {
            throw refused(mark, shown(name, nameOffset, nameLength), "name is not a token of at most 255 octets");
        }
        if (rules.forbids(index, name, nameOffset, nameLength)) {
            throw refused(mark, shown(name, nameOffset, nameLength), "name may not occur here");
        }
        out.u8(index);
        if (index == HeaderTable.NONE) {
            out.u8(nameLength);
            out.bytes(name, nameOffset, nameLength);
        }
        int start = valueOffset;
        int end = valueOffset + valueLength;
        while (start < end && Octets.blank(value[start])) {
            start++;
        }
        while (end > start && Octets.blank(value[end - 1])) {
            end--;
        }
        if (end - start > 0xFFFF || !rules.allowsValue(index, value, start, end - start)) {
            throw refused(mark, shown(name, nameOffset, nameLength), "value is not allowed");
        }
        out.u16(end - start);
        out.bytes(value, start, end - start);
        out.putU16(countAt, ++count);
        return this;
    }

    /**
     * True for the names that never travel as fields of a request (P-6.2), whatever their case: the caller leaves them
     * out. TE is not among them, but only its value {@code trailers} is accepted.
     */
    public static boolean isForbidden(String name) {
        return forbidden(FieldRules.REQUEST, name);
    }

    /** The same for a response, where Host may occur. */
    public static boolean isForbiddenInResponse(String name) {
        return forbidden(FieldRules.RESPONSE, name);
    }

    /** True for the names that may not be trailers (P-6.4), whatever their case. */
    public static boolean isForbiddenInTrailers(String name) {
        return forbidden(FieldRules.TRAILERS, name);
    }

    /**
     * Adds an extension by its type; after the last field.
     *
     * @param type 0 to 0xFFFF
     * @param value at most 65535 octets, borrowed
     * @return this
     */
    public HeadWriter extension(int type, byte[] value) {
        beginExtensions();
        out.u16(inRange(type, 0, 0xFFFF, "extension type"));
        out.bytes16(value, "extension");
        return this;
    }

    /** Adds the trace context (extension 0x0101). */
    public HeadWriter traceContext(String traceParent, String traceState) {
        beginExtensions();
        int start = out.beginExtension(ExtensionType.TRACE_CONTEXT);
        out.text8(traceParent, "traceparent");
        out.text16(traceState, "tracestate");
        out.endExtension(start);
        return this;
    }

    /** Adds the TLS data of the client's connection (extension 0x0102). */
    public HeadWriter tls(TlsInfo tls) {
        beginExtensions();
        int start = out.beginExtension(ExtensionType.TLS);
        out.text8(tls.protocol(), "TLS protocol");
        out.text8(tls.cipherSuite(), "cipher suite");
        out.u16(inRange(tls.keyBits(), 0, 0xFFFF, "key bits"));
        out.bytes8(HexFormat.of().parseHex(tls.sessionId()), "TLS session id");
        out.endExtension(start);
        return this;
    }

    /**
     * Adds the client's certificates (extension 0x0103).
     *
     * @param chain DER, leaf first; 255 at most, and 65,535 octets in all
     * @return this
     */
    public HeadWriter clientCertificates(List<byte[]> chain) {
        beginExtensions();
        int start = out.beginExtension(ExtensionType.CLIENT_CERTIFICATES);
        out.u8(inRange(chain.size(), 0, 0xFF, "certificates"));
        for (byte[] certificate : chain) {
            out.bytes16(certificate, "certificate");
        }
        out.endExtension(start);
        return this;
    }

    /** Adds the affinity value (extension 0x0104), at most 255 octets. */
    public HeadWriter affinity(String affinity) {
        return text8Extension(ExtensionType.AFFINITY, affinity, "affinity");
    }

    /** Adds the wish for an upgrade (extension 0x0105, P-5.12). */
    public HeadWriter upgrade(String protocol) {
        return text8Extension(ExtensionType.UPGRADE, protocol, "upgrade");
    }

    /** Adds the ids of the routers passed, separated by commas (extension 0x0106). */
    public HeadWriter routersPassed(String routers) {
        return text8Extension(ExtensionType.ROUTERS_PASSED, routers, "routers passed");
    }

    /**
     * Adds what a router has found out before it forwards to another one (extension 0x0107).
     *
     * @param function where the request goes, at most 255 octets
     * @param route the name of the route that leads there, at most 255 octets
     */
    public HeadWriter routed(String function, String route) {
        beginExtensions();
        int start = out.beginExtension(ExtensionType.ROUTED);
        out.text8(function, "function");
        out.text8(route, "route");
        out.endExtension(start);
        return this;
    }

    /** Adds final usage after trailers (extension 0x0201, P-5.22). */
    public HeadWriter usage(Usage usage) {
        beginExtensions();
        usage.encode(out);
        return this;
    }

    /** The array that holds the payload, from index 0; valid until the next call that writes. */
    public byte[] array() {
        return out.array();
    }

    /** The length of the payload in octets; 0 when nothing was begun. */
    public int length() {
        return out.length();
    }

    /** Drops everything. */
    public void reset() {
        out.truncate(0);
        countAt = NO_FIELDS_YET;
        count = 0;
        extended = false;
    }

    /** How many fields were added. */
    public int size() {
        return count;
    }

    private static boolean forbidden(FieldRules rules, String name) {
        int index = HeaderTable.indexOf(name);
        return index == HeaderTable.NONE ? rules.forbidsLiteral(name) : rules.forbids(index, Text.NO_BYTES, 0, 0);
    }

    private void start(FieldRules kind) {
        reset();
        rules = kind;
    }

    private void beginFields() {
        countAt = out.length();
        out.u16(0);
    }

    private int beginField() {
        if (countAt == NO_FIELDS_YET || extended) {
            throw new IllegalStateException("fields come after the beginning of a head and before its extensions");
        }
        if (count == FrameLimits.MAX_FIELDS) {
            throw new IllegalArgumentException("more than " + FrameLimits.MAX_FIELDS + " fields");
        }
        return out.length();
    }

    /** Writes the value, counts the field, or takes all of it back. */
    private void value(int mark, int index, String name, String value) {
        int start = 0;
        int end = value.length();
        while (start < end && Octets.blank(value.charAt(start))) {
            start++;
        }
        while (end > start && Octets.blank(value.charAt(end - 1))) {
            end--;
        }
        int length = end - start;
        if (length > 0xFFFF) {
            throw refused(mark, name, "value has " + length + " octets (expected: at most 65535)");
        }
        int at = out.reserve(2 + length);
        out.putU16(at, length);
        byte[] array = out.array();
        boolean allowed = true;
        for (int i = 0; i < length; i++) {
            char c = value.charAt(start + i);
            allowed &= c <= 0xFF && Octets.VALUE[c & 0xFF];
            array[at + 2 + i] = (byte) c;
        }
        if (!allowed || (index == HeaderTable.TE && !rules.allowsValue(index, array, at + 2, length))) {
            throw refused(mark, name, "value is not allowed");
        }
        out.putU16(countAt, ++count);
    }

    private IllegalArgumentException refused(int mark, String name, String why) {
        out.truncate(mark);
        return new IllegalArgumentException("field " + shown(name) + ": " + why);
    }

    private int latin1OrCut(String text, int mark) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xFF) {
                throw refused(mark, text, "name is not a token of at most 255 octets");
            }
        }
        return latin1(text, "name");
    }

    /** Appends one octet per character and returns how many. */
    private int latin1(String text, String what) {
        int length = text.length();
        int at = out.reserve(length);
        byte[] array = out.array();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c > 0xFF) {
                throw new IllegalArgumentException(what + " has a character above U+00FF");
            }
            array[at + i] = (byte) c;
        }
        return length;
    }

    private void method(String method) {
        int number = RequestHead.methodNumber(requireNonNull(method, "method"));
        out.u8(number);
        if (number == 0) {
            byte[] octets = method.getBytes(ISO_8859_1);
            if (octets.length > 0xFF || !Octets.token(octets, 0, octets.length)) {
                throw new IllegalArgumentException("method is not a token of at most 255 octets");
            }
            out.bytes8(octets, "method");
        }
    }

    private void scheme(String scheme) {
        boolean https = scheme.equals("https");
        if (!https && !scheme.equals("http")) {
            throw new IllegalArgumentException("scheme is neither http nor https");
        }
        out.u8(https ? 2 : 1);
    }

    private void address(@Nullable InetAddress address, int port) {
        if (address == null) {
            out.u8(0);
        } else {
            byte[] octets = address.getAddress();
            out.u8(octets.length == 4 ? 4 : 6);
            out.bytes(octets);
        }
        out.u16(inRange(port, 0, 0xFFFF, "port"));
    }

    private void beginExtensions() {
        if (countAt == NO_FIELDS_YET) {
            throw new IllegalStateException("extensions come after the beginning of a head");
        }
        extended = true;
    }

    private HeadWriter text8Extension(int type, String text, String what) {
        beginExtensions();
        int start = out.beginExtension(type);
        out.text8(text, what);
        out.endExtension(start);
        return this;
    }

    private static String shown(byte[] name, int offset, int length) {
        return new String(name, offset, length, ISO_8859_1);
    }

    /** A name for a message: short, and without control characters. */
    private static String shown(String name) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(name.length(), 64); i++) {
            char c = name.charAt(i);
            text.append(c > 0x20 && c < 0x7F ? c : '?');
        }
        return text.toString();
    }

    private static int inRange(int value, int min, int max, String what) {
        return (int) inRange((long) value, min, max, what);
    }

    private static long inRange(long value, long min, long max, String what) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " " + value + " (expected: " + min + " to " + max + ")");
        }
        return value;
    }
}
