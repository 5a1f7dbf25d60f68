/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decoded request head (P-5.20): a view of one private copy of the frame's payload. Everything in it has been checked
 * by P-6.1 to P-6.3; Strings and addresses are made when they are asked for, each time anew unless said otherwise.
 * Immutable, for any thread; arrays that are handed out as borrowed must not be changed.
 */
public final class RequestHead {

    /** What every head has, with the shortest target, no authority and unknown addresses. */
    static final int MIN_BYTES = 45;

    static final int REQUEST_ID_BYTES = 16;

    /** By method number; index 0 is unused, a literal follows there. */
    private static final String[] METHODS = {
        "", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"
    };

    private static final int SCHEME_HTTP = 1;
    private static final int SCHEME_HTTPS = 2;
    /** A field for an extension that did not come. */
    private static final int ABSENT = -1;

    private final byte[] array;
    private final String method;
    private final boolean https;
    private final int protocol;
    private final int hops;
    private final long contentLength;
    private final long deadlineMillis;
    private final int requestIdOffset;
    private final int targetOffset;
    private final int targetLength;
    private final int authorityOffset;
    private final int authorityLength;
    private final int remoteOffset;
    private final int localOffset;
    private final Fields fields;
    private final boolean endOfRequest;

    private int traceOffset = ABSENT;
    private int tlsOffset = ABSENT;
    private int certificatesOffset = ABSENT;
    private int affinityOffset = ABSENT;
    private int upgradeOffset = ABSENT;
    private int routersOffset = ABSENT;
    private int routedOffset = ABSENT;
    private int responseWindowBytes = ABSENT;

    private RequestHead(Payload in, boolean endOfRequest) throws PayloadException {
        array = in.array();
        this.endOfRequest = endOfRequest;
        method = decodeMethod(in);
        int scheme = in.u8();
        if (scheme != SCHEME_HTTP && scheme != SCHEME_HTTPS) {
            throw PayloadException.malformed("scheme " + scheme + " (expected: 1 or 2)");
        }
        https = scheme == SCHEME_HTTPS;
        protocol = in.u8();
        if (!knownProtocol(protocol)) {
            throw PayloadException.malformed("protocol 0x" + Integer.toHexString(protocol));
        }
        hops = in.u8();
        contentLength = in.i64();
        checkContentLength(contentLength, endOfRequest);
        deadlineMillis = in.u32();
        requestIdOffset = in.skip(REQUEST_ID_BYTES);
        targetLength = in.u16();
        targetOffset = in.skip(targetLength);
        if (!Octets.target(array, targetOffset, targetLength)) {
            throw PayloadException.malformed("target is not origin-form nor *");
        }
        authorityLength = in.u16();
        authorityOffset = in.skip(authorityLength);
        if (!Octets.authority(array, authorityOffset, authorityLength)) {
            throw PayloadException.malformed("authority is not host and port");
        }
        remoteOffset = skipAddress(in);
        localOffset = skipAddress(in);
        fields = Fields.decode(in, FieldRules.REQUEST);
        decodeExtensions(in);
    }

    /** Decodes and checks; the head keeps the payload's array. */
    static RequestHead decode(Payload in, boolean endOfRequest) throws PayloadException {
        return new RequestHead(in, endOfRequest);
    }

    /** The number of a method, 0 when it travels as a literal. */
    static int methodNumber(String method) {
        for (int number = 1; number < METHODS.length; number++) {
            if (METHODS[number].equals(method)) {
                return number;
            }
        }
        return 0;
    }

    static boolean knownProtocol(int protocol) {
        return protocol == 0x11 || protocol == 0x20 || protocol == 0x30 || protocol == 0x10;
    }

    /** The method; the same String each time, a constant for the nine methods that have a number. */
    public String method() {
        return method;
    }

    /** {@code http} or {@code https}: how the client came to the router. */
    public String scheme() {
        return https ? "https" : "http";
    }

    /** True when the client came by https. */
    public boolean secure() {
        return https;
    }

    /** The client's protocol: 0x10 HTTP/1.0, 0x11 HTTP/1.1, 0x20 HTTP/2, 0x30 HTTP/3. */
    public int protocol() {
        return protocol;
    }

    /** How many routers the request has passed, the sending one included. */
    public int hops() {
        return hops;
    }

    /** The announced length of the body in octets, or -1 when it is not known. */
    public long contentLength() {
        return contentLength;
    }

    /** Milliseconds left, when the head was sent, until the response must have started; 0 when there is no deadline. */
    public long deadlineMillis() {
        return deadlineMillis;
    }

    /** The request id as 32 lower-case hex digits. */
    public String requestId() {
        return HexFormat.of().formatHex(array, requestIdOffset, requestIdOffset + REQUEST_ID_BYTES);
    }

    /** A copy of the request id, 16 octets. */
    public byte[] requestIdBytes() {
        return Arrays.copyOfRange(array, requestIdOffset, requestIdOffset + REQUEST_ID_BYTES);
    }

    /** A copy of path and query, exactly as the client sent them. */
    public byte[] target() {
        return Arrays.copyOfRange(array, targetOffset, targetOffset + targetLength);
    }

    /** The array that holds the target; borrowed, not to be changed. */
    public byte[] targetArray() {
        return array;
    }

    /** Where the target begins in {@link #targetArray()}. */
    public int targetOffset() {
        return targetOffset;
    }

    /** The length of the target in octets. */
    public int targetLength() {
        return targetLength;
    }

    /** Path and query, one character per octet (ISO-8859-1). */
    public String targetString() {
        return new String(array, targetOffset, targetLength, ISO_8859_1);
    }

    /** Host and optional port; empty when the client sent none. */
    public String authority() {
        return new String(array, authorityOffset, authorityLength, ISO_8859_1);
    }

    /** Where the authority begins in {@link #targetArray()}. */
    public int authorityOffset() {
        return authorityOffset;
    }

    /** The length of the authority in octets. */
    public int authorityLength() {
        return authorityLength;
    }

    /** The client's address as the router believes it, or null when it is not known. */
    public @Nullable InetAddress remote() {
        return address(remoteOffset);
    }

    /** The client's port, 0 when it is not known. */
    public int remotePort() {
        return port(remoteOffset);
    }

    /** The address the client connected to, or null when it is not known. */
    public @Nullable InetAddress local() {
        return address(localOffset);
    }

    /** The port the client connected to, 0 when it is not known. */
    public int localPort() {
        return port(localOffset);
    }

    /** The header fields, without those of P-6.2. */
    public Fields fields() {
        return fields;
    }

    /** True when neither body nor trailers follow. */
    public boolean endOfRequest() {
        return endOfRequest;
    }

    /** The W3C traceparent, or null. */
    public @Nullable String traceParent() {
        return traceOffset == ABSENT ? null : text8(traceOffset);
    }

    /** The W3C tracestate, or null when no trace context came; may be empty. */
    public @Nullable String traceState() {
        return traceOffset == ABSENT ? null : text16(after8(traceOffset));
    }

    /** TLS data of the client's connection, or null. */
    public @Nullable TlsInfo tls() {
        if (tlsOffset == ABSENT) {
            return null;
        }
        int cipher = after8(tlsOffset);
        int bits = after8(cipher);
        int session = bits + 2;
        int length = u8(session);
        return new TlsInfo(
                text8(tlsOffset),
                text8(cipher),
                u16(bits),
                HexFormat.of().formatHex(array, session + 1, session + 1 + length));
    }

    /** The client's certificate chain, DER, leaf first; empty when there is none. The arrays are copies. */
    public List<byte[]> clientCertificates() {
        if (certificatesOffset == ABSENT) {
            return List.of();
        }
        int count = u8(certificatesOffset);
        List<byte[]> chain = new ArrayList<>(count);
        int at = certificatesOffset + 1;
        for (int i = 0; i < count; i++) {
            int length = u16(at);
            chain.add(Arrays.copyOfRange(array, at + 2, at + 2 + length));
            at += 2 + length;
        }
        return List.copyOf(chain);
    }

    /** The affinity value the router found, or null. */
    public @Nullable String affinity() {
        return affinityOffset == ABSENT ? null : text8(affinityOffset);
    }

    /** The protocol of an asked-for upgrade (P-5.12), or null. */
    public @Nullable String upgrade() {
        return upgradeOffset == ABSENT ? null : text8(upgradeOffset);
    }

    /** The ids of the routers passed, separated by commas (loop guard), or null. */
    public @Nullable String routersPassed() {
        return routersOffset == ABSENT ? null : text8(routersOffset);
    }

    /** The function that another router has found for it, or null when no router has. */
    public @Nullable String routedFunction() {
        return routedOffset == ABSENT ? null : text8(routedOffset);
    }

    /** The name of the route by which another router has found the function, or null when no router has. */
    public @Nullable String routedBy() {
        return routedOffset == ABSENT ? null : text8(after8(routedOffset));
    }

    /**
     * The first window of the response's body in octets.
     *
     * @param setting the requester's initial stream window, which holds unless this request says less (P-7.4)
     */
    public int responseWindowBytes(int setting) {
        return responseWindowBytes == ABSENT ? setting : Math.min(setting, responseWindowBytes);
    }

    /** Method, request id and names; no target and no values. */
    @Override
    public String toString() {
        return "RequestHead[" + method + ", " + requestId() + ", " + fields + "]";
    }

    private static String decodeMethod(Payload in) throws PayloadException {
        int number = in.u8();
        if (number > 0 && number < METHODS.length) {
            return METHODS[number];
        }
        if (number != 0) {
            throw PayloadException.malformed("method " + number + " (expected: 0 to 9)");
        }
        int length = in.u8();
        int offset = in.skip(length);
        if (!Octets.token(in.array(), offset, length)) {
            throw PayloadException.malformed("method is not a token");
        }
        return in.latin1(offset, length);
    }

    private static void checkContentLength(long contentLength, boolean end) throws PayloadException {
        if (contentLength < -1) {
            throw PayloadException.malformed("content length " + contentLength + " (expected: -1 or more)");
        }
        if (end && contentLength > 0) {
            throw new PayloadException(
                    ErrorCode.LENGTH, "content length " + contentLength + " with END (expected: 0 or -1)");
        }
    }

    private static int skipAddress(Payload in) throws PayloadException {
        int offset = in.position();
        int family = in.u8();
        switch (family) {
            case 0 -> in.skip(2);
            case 4 -> in.skip(6);
            case 6 -> in.skip(18);
            default -> throw PayloadException.malformed("address family " + family + " (expected: 0, 4 or 6)");
        }
        return offset;
    }

    /** Checks every known extension to its last octet, and remembers where it is. */
    private void decodeExtensions(Payload in) throws PayloadException {
        in.beginExtensions();
        while (in.nextExtension()) {
            int offset = in.position();
            switch (in.extensionType()) {
                case ExtensionType.TRACE_CONTEXT -> {
                    in.text8();
                    in.text16();
                    traceOffset = offset;
                }
                case ExtensionType.TLS -> {
                    in.text8();
                    in.text8();
                    in.u16();
                    in.skip(in.u8());
                    tlsOffset = offset;
                }
                case ExtensionType.CLIENT_CERTIFICATES -> {
                    int count = in.u8();
                    for (int i = 0; i < count; i++) {
                        in.skip(in.u16());
                    }
                    certificatesOffset = offset;
                }
                case ExtensionType.AFFINITY -> {
                    in.text8();
                    affinityOffset = offset;
                }
                case ExtensionType.UPGRADE -> {
                    in.text8();
                    upgradeOffset = offset;
                }
                case ExtensionType.ROUTERS_PASSED -> {
                    in.text8();
                    routersOffset = offset;
                }
                case ExtensionType.ROUTED -> {
                    in.text8();
                    in.text8();
                    routedOffset = offset;
                }
                case ExtensionType.RESPONSE_WINDOW -> {
                    responseWindowBytes = in.i32();
                    if (responseWindowBytes == 0) {
                        throw PayloadException.malformed("response window 0 (expected: 1 or more)");
                    }
                }
                default -> in.unknownExtension();
            }
        }
    }

    private @Nullable InetAddress address(int offset) {
        int family = array[offset];
        if (family == 0) {
            return null;
        }
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(array, offset + 1, offset + 1 + (family == 4 ? 4 : 16)));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 octets are an address", e);
        }
    }

    private int port(int offset) {
        int family = array[offset];
        return u16(offset + 1 + (family == 0 ? 0 : family == 4 ? 4 : 16));
    }

    private int u8(int offset) {
        return array[offset] & 0xFF;
    }

    private int u16(int offset) {
        return ((array[offset] & 0xFF) << 8) | (array[offset + 1] & 0xFF);
    }

    private int after8(int offset) {
        return offset + 1 + u8(offset);
    }

    private String text8(int offset) {
        return new String(array, offset + 1, u8(offset), UTF_8);
    }

    private String text16(int offset) {
        return new String(array, offset + 2, u16(offset), UTF_8);
    }
}
