/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.spi.config.AddressRange;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * Whose word about the client is believed. Without trusted proxies, or for a client that is none, the connection itself
 * is all that counts and the fields are dropped. Immutable.
 */
final class TrustedProxies {

    /** Longer chains are not walked; the rest counts as untrusted. */
    private static final int MAX_CHAIN = 32;

    static final TrustedProxies NONE = new TrustedProxies(List.of());

    private final AddressRange[] ranges;

    TrustedProxies(List<AddressRange> ranges) {
        this.ranges = ranges.toArray(AddressRange[]::new);
    }

    boolean trusts(@Nullable InetAddress address) {
        if (address != null) {
            for (AddressRange range : ranges) {
                if (range.contains(address)) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * The client as trusted proxies saw it: the rightmost address that is not theirs. Null when they say nothing, or
     * nothing that can be read.
     */
    @Nullable
    InetAddress client(HttpFields fields) {
        List<String> chain = fields.getCSV(HttpHeader.X_FORWARDED_FOR, false);
        if (chain.isEmpty()) {
            chain = forwardedFor(fields);
        }
        InetAddress client = null;
        int last = Math.max(0, chain.size() - MAX_CHAIN);
        for (int i = chain.size() - 1; i >= last; i--) {
            InetAddress address = parse(chain.get(i));
            if (address == null) {
                return client;
            }
            client = address;
            if (!trusts(address)) {
                return client;
            }
        }
        return client;
    }

    /** The scheme the client used, or null when the proxies do not say http or https. */
    @Nullable
    String scheme(HttpFields fields) {
        String proto = last(fields.getCSV(HttpHeader.X_FORWARDED_PROTO, false));
        if (proto == null) {
            proto = last(forwarded(fields, "proto="));
        }
        if ("https".equalsIgnoreCase(proto)) {
            return "https";
        }
        return "http".equalsIgnoreCase(proto) ? "http" : null;
    }

    /** The authority the client asked for, or null. */
    @Nullable
    String authority(HttpFields fields) {
        String host = last(fields.getCSV(HttpHeader.X_FORWARDED_HOST, false));
        if (host == null) {
            host = last(forwarded(fields, "host="));
        }
        return host == null || host.isEmpty() ? null : Guard.authority(host);
    }

    private static List<String> forwardedFor(HttpFields fields) {
        return forwarded(fields, "for=");
    }

    /** The values of one parameter of Forwarded (RFC 7239), one for each hop that gives it. */
    private static List<String> forwarded(HttpFields fields, String parameter) {
        List<String> hops = fields.getCSV(HttpHeader.FORWARDED, true);
        if (hops.isEmpty()) {
            return hops;
        }
        List<String> values = new ArrayList<>(hops.size());
        for (String hop : hops) {
            int from = 0;
            while (from <= hop.length()) {
                int end = hop.indexOf(';', from);
                String pair = hop.substring(from, end < 0 ? hop.length() : end).trim();
                if (pair.regionMatches(true, 0, parameter, 0, parameter.length())) {
                    String value = pair.substring(parameter.length());
                    boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
                    values.add(quoted ? value.substring(1, value.length() - 1) : value);
                }
                if (end < 0) {
                    break;
                }
                from = end + 1;
            }
        }
        return values;
    }

    private static @Nullable String last(List<String> values) {
        return values.isEmpty() ? null : values.get(values.size() - 1);
    }

    /** A literal address, with or without port; never asks a name server. */
    static @Nullable InetAddress parse(String text) {
        String host = text.trim();
        if (host.startsWith("[")) {
            int end = host.indexOf(']');
            if (end < 0) {
                return null;
            }
            host = host.substring(1, end);
        } else if (host.indexOf(':') >= 0 && host.indexOf(':') == host.lastIndexOf(':')) {
            host = host.substring(0, host.indexOf(':'));
        }
        boolean v6 = host.indexOf(':') >= 0;
        if (host.isEmpty() || host.length() > 45 || !literal(host, v6)) {
            return null;
        }
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            return null;
        }
    }

    private static boolean literal(String host, boolean v6) {
        int dots = 0;
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c == '.') {
                dots++;
            } else if (v6 ? Character.digit(c, 16) < 0 && c != ':' : c < '0' || c > '9') {
                return false;
            }
        }
        return v6 || dots == 3;
    }
}
