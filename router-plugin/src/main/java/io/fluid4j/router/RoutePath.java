/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import org.jspecify.annotations.Nullable;

/**
 * The one normal form of a path that routes are compared with. What is forwarded is the target as the client sent it:
 * the container decodes and normalises by its own rules. A path that the two could read differently is refused.
 */
final class RoutePath {

    private RoutePath() {}

    /**
     * The path without dot segments, empty segments and path parameters, and with its unreserved escapes decoded; null when it is ambiguous:
     * a fragment, an escaped NUL, slash-like or dot segment hidden by escapes or parameters, or one that climbs above the root.
     *
     * @param path the raw path, without query
     */
    static @Nullable String normalise(String path) {
        int length = path.length();
        boolean plain = true;
        for (int i = 0; i < length; i++) {
            char c = path.charAt(i);
            if (c <= ' ' || c == 0x7F || c == '#') {
                return null;
            }
            if (c == '%' || c == ';' || c == '\\' || (c == '/' && i + 1 < length && suspicious(path.charAt(i + 1)))) {
                plain = false;
            }
        }
        if (length == 0 || path.charAt(0) != '/') {
            return path.equals("*") ? path : null;
        }
        return plain ? path : normaliseSegments(path);
    }

    private static boolean suspicious(char first) {
        return first == '.' || first == '/';
    }

    private static @Nullable String normaliseSegments(String path) {
        StringBuilder out = new StringBuilder(path.length());
        int length = path.length();
        int start = 1;
        while (start <= length) {
            int end = path.indexOf('/', start);
            boolean lastSegment = end < 0;
            if (lastSegment) {
                end = length;
            }
            String raw = path.substring(start, end);
            String segment = decode(raw);
            if (segment == null) {
                return null;
            }
            if (segment.equals(".") || segment.equals("..")) {
                if (!raw.equals(segment)) {
                    return null;
                }
                if (segment.length() == 2) {
                    int parent = out.lastIndexOf("/");
                    if (parent < 0) {
                        return null;
                    }
                    out.setLength(parent);
                }
                if (lastSegment) {
                    out.append('/');
                }
            } else if (!segment.isEmpty()) {
                out.append('/').append(segment);
            } else if (lastSegment) {
                out.append('/');
            }
            start = end + 1;
        }
        return out.length() == 0 ? "/" : out.toString();
    }

    /** Without parameters; escapes of octets that need none decoded, others kept in upper case. Null when refused. */
    private static @Nullable String decode(String raw) {
        int parameter = raw.indexOf(';');
        String segment = parameter < 0 ? raw : raw.substring(0, parameter);
        if (segment.indexOf('%') < 0) {
            return segment;
        }
        StringBuilder out = new StringBuilder(segment.length());
        for (int i = 0; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (c != '%') {
                out.append(c);
                continue;
            }
            int high = i + 2 < segment.length() ? Character.digit(segment.charAt(i + 1), 16) : -1;
            int low = i + 2 < segment.length() ? Character.digit(segment.charAt(i + 2), 16) : -1;
            if (high < 0 || low < 0) {
                return null;
            }
            int octet = (high << 4) | low;
            if (octet == 0) {
                return null;
            }
            if (unreserved(octet)) {
                out.append((char) octet);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(segment.charAt(i + 1)))
                        .append(Character.toUpperCase(segment.charAt(i + 2)));
            }
            i += 2;
        }
        return out.toString();
    }

    private static boolean unreserved(int octet) {
        return (octet >= 'a' && octet <= 'z')
                || (octet >= 'A' && octet <= 'Z')
                || (octet >= '0' && octet <= '9')
                || octet == '-'
                || octet == '.'
                || octet == '_'
                || octet == '~';
    }
}
