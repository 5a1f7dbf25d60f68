/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.util.Locale;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * The first stage: refuses what two parties could read differently, before anything is forwarded. Jetty's parser, in
 * its strictest mode, has already refused broken lines, names, values and lengths of HTTP/1; what it lets through and a
 * gateway must not, and what HTTP/2 brings, is checked here. Stateless but for its limits; for any thread.
 */
final class Guard {

    private static final int MAX_PORT = 65_535;

    private final RouterLimits limits;

    Guard(RouterLimits limits) {
        this.limits = limits;
    }

    /** Null when the request may go on. Looks at each field once and makes no garbage for a good one. */
    @Nullable
    Rejection check(Request request) {
        String method = request.getMethod();
        if (HttpMethod.CONNECT.is(method) || HttpMethod.TRACE.is(method)) {
            return Rejection.METHOD;
        }
        Rejection rejection = checkFields(request);
        return rejection != null ? rejection : checkTarget(request.getHttpURI());
    }

    private @Nullable Rejection checkTarget(HttpURI uri) {
        String path = uri.getPath();
        if (path == null || uri.getFragment() != null) {
            return Rejection.BAD_TARGET;
        }
        String query = uri.getQuery();
        if (path.length() + (query == null ? 0 : query.length()) > limits.maxTargetBytes()) {
            return Rejection.TARGET_TOO_LONG;
        }
        return uri.getUser() != null ? Rejection.BAD_HOST : null;
    }

    private @Nullable Rejection checkFields(Request request) {
        HttpFields fields = request.getHeaders();
        HttpVersion version = request.getConnectionMetaData().getHttpVersion();
        boolean framed = version.getVersion() >= HttpVersion.HTTP_2.getVersion();
        int count = fields.size();
        if (count > limits.maxFields()) {
            return Rejection.HEAD_TOO_LARGE;
        }
        long octets = 0;
        int hosts = 0;
        int lengths = 0;
        int types = 0;
        boolean chunked = false;
        for (int i = 0; i < count; i++) {
            HttpField field = fields.getField(i);
            String name = field.getName();
            String value = field.getValue();
            octets += name.length() + (value == null ? 0 : value.length()) + 4;
            HttpHeader header = field.getHeader();
            if (header == null) {
                if (name.indexOf('_') >= 0 && impersonates(name)) {
                    return Rejection.BAD_FIELD;
                }
                continue;
            }
            if (framed && connectionSpecific(header)) {
                return Rejection.BAD_FIELD;
            }
            switch (header) {
                case HOST -> hosts++;
                case CONTENT_LENGTH -> {
                    lengths++;
                    if (!digits(value)) {
                        return Rejection.BAD_FRAMING;
                    }
                }
                case CONTENT_TYPE -> types++;
                case TRANSFER_ENCODING -> {
                    // One coding, the last and only one: anything else has been read differently by somebody.
                    if (chunked
                            || value == null
                            || !value.equalsIgnoreCase("chunked")
                            || version != HttpVersion.HTTP_1_1) {
                        return Rejection.BAD_FRAMING;
                    }
                    chunked = true;
                }
                case UPGRADE -> {
                    if (value != null && !value.equalsIgnoreCase("h2c")) {
                        return Rejection.UPGRADE;
                    }
                }
                default -> {}
            }
        }
        if (octets > limits.maxFieldBytes()) {
            return Rejection.HEAD_TOO_LARGE;
        }
        if (lengths > 1 || (lengths == 1 && chunked)) {
            return Rejection.BAD_FRAMING;
        }
        if (types > 1) {
            return Rejection.BAD_FIELD;
        }
        if (hosts > 1 || (hosts == 0 && version == HttpVersion.HTTP_1_1)) {
            return Rejection.BAD_HOST;
        }
        return null;
    }

    /** Fields of a connection, which HTTP/2 has frames for: a message with one is malformed (RFC 9113 section 8.2.2). */
    static boolean connectionSpecific(HttpHeader header) {
        return switch (header) {
            case CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TRANSFER_ENCODING, UPGRADE -> true;
            default -> false;
        };
    }

    /** True for a field such as {@code Content_Length}, which some applications cannot tell from the real one. */
    private static boolean impersonates(String name) {
        String dashed = name.replace('_', '-').toLowerCase(Locale.ROOT);
        return switch (dashed) {
            case "content-length", "transfer-encoding", "host", "connection", "forwarded", "x-real-ip" -> true;
            default -> dashed.startsWith("x-forwarded-") || dashed.startsWith("fluid-");
        };
    }

    private static boolean digits(@Nullable String value) {
        if (value == null || value.isEmpty() || value.length() > 18) {
            return false;
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < '0' || c > '9') {
                return false;
            }
        }
        return true;
    }

    /**
     * Host and optional port as they may travel (P-6.3), or null when they are malformed.
     *
     * @param authority as the client sent it
     */
    static @Nullable String authority(String authority) {
        int length = authority.length();
        int colon = -1;
        boolean bracket = false;
        for (int i = 0; i < length; i++) {
            char c = authority.charAt(i);
            if (c <= ' ' || c >= 0x7F || c == '@' || c == '/' || c == '?' || c == '#' || c == '\\' || c == ',') {
                return null;
            }
            if (c == '[') {
                if (i > 0) {
                    return null;
                }
                bracket = true;
            } else if (c == ']') {
                if (!bracket || (i + 1 < length && authority.charAt(i + 1) != ':')) {
                    return null;
                }
                bracket = false;
            } else if (c == ':' && !bracket) {
                if (colon >= 0) {
                    return null;
                }
                colon = i;
            }
        }
        return bracket || colon == 0 || !port(authority, colon) ? null : authority;
    }

    /** The host of an authority that {@link #authority} has let pass. */
    static String host(String authority) {
        int end = authority.length();
        int colon = authority.lastIndexOf(':');
        if (colon >= 0 && authority.indexOf(']', colon) < 0) {
            end = colon;
        }
        return end == authority.length() ? authority : authority.substring(0, end);
    }

    private static boolean port(String authority, int colon) {
        if (colon < 0) {
            return true;
        }
        int port = 0;
        for (int i = colon + 1; i < authority.length(); i++) {
            int digit = authority.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            port = port * 10 + digit;
            if (port > MAX_PORT) {
                return false;
            }
        }
        return true;
    }
}
