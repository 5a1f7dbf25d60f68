/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.HeaderTable;
import io.fluid4j.trace.RequestSpan;
import io.fluid4j.trace.Tracing;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Encodes a client's request into REQUEST_STARTED (PROTOCOL.md P-5.20): typed items from what Jetty parsed, end-to-end
 * fields by their index, hop-by-hop and forged ones left out. One for each thread.
 */
@SuppressWarnings("EnumOrdinal") // An array by ordinal, made and read in one process, is what makes this fast.
final class RequestHeadEncoder {

    /** This fleet in the Via field (RFC 9110 section 7.6.3): what comes back with it has been here before. */
    private static final String VIA_NAME = "fluid4j";

    private static final String VIA_HTTP_1_0 = "1.0 " + VIA_NAME;
    private static final String VIA_HTTP_1_1 = "1.1 " + VIA_NAME;
    private static final String VIA_HTTP_2 = "2.0 " + VIA_NAME;

    private static final int LITERAL = 0;
    private static final int DROP = -1;
    private static final int FORWARDED = -2;
    private static final int TE = -3;

    /** By {@link HttpHeader#ordinal()}: an index of the table, or one of the constants above. */
    private static final int[] ACTIONS = actions();

    private static final ThreadLocal<RequestHeadEncoder> ENCODERS = ThreadLocal.withInitial(RequestHeadEncoder::new);

    private final HeadWriter writer = new HeadWriter();
    private final List<String> nominated = new ArrayList<>();

    /**
     * What a router tells the one it forwards to.
     *
     * @param self its own name
     * @param function where the request goes
     * @param route the route that leads there
     */
    record Forwarding(String self, String function, String route) {}

    private RequestHeadEncoder() {}

    static RequestHeadEncoder ofThread() {
        return ENCODERS.get();
    }

    /**
     * Encodes; the result is valid until this thread encodes again.
     *
     * @param forwarding what another router has to know; null for an instance
     * @param span the parent of what the request causes there; null to pass on what the client has sent
     * @return the head, or null when a value may not travel ({@link Rejection#BAD_FIELD})
     */
    @Nullable
    HeadWriter encode(
            RequestFacts facts,
            long contentLength,
            long deadlineMillis,
            @Nullable Forwarding forwarding,
            @Nullable RequestSpan span) {
        Request request = facts.request();
        HttpFields fields = request.getHeaders();
        try {
            begin(facts, contentLength, deadlineMillis);
            nominate(fields);
            boolean forwarded = facts.trustedPeer();
            int count = fields.size();
            for (int i = 0; i < count; i++) {
                HttpField field = fields.getField(i);
                if (span == null || !ofTrace(field)) {
                    field(field, forwarded);
                }
            }
            if (span != null) {
                trace(span);
            }
            ConnectionMetaData connection = request.getConnectionMetaData();
            ClientTls tls;
            if (request instanceof PeerRequest peer) {
                tls = peer.tls();
            } else {
                via(connection.getHttpVersion());
                tls = connection.isSecure() ? ClientTls.of(connection) : null;
            }
            if (tls != null) {
                tls.write(writer);
            }
            if (forwarding != null) {
                writer.routersPassed(forwarding.self()).routed(forwarding.function(), forwarding.route());
            }
            return writer;
        } catch (IllegalArgumentException refused) {
            // The writer refuses what P-6.2 to P-6.4 forbid; the message names the field and never its value.
            return null;
        }
    }

    /** How often the request has come through this fleet before. */
    static int timesHere(HttpFields fields) {
        if (!fields.contains(HttpHeader.VIA)) {
            return 0;
        }
        int times = 0;
        for (String hop : fields.getCSV(HttpHeader.VIA, false)) {
            int space = hop.indexOf(' ');
            if (space > 0 && hop.startsWith(VIA_NAME, space + 1)) {
                times++;
            }
        }
        return times;
    }

    private void begin(RequestFacts facts, long contentLength, long deadlineMillis) {
        Request request = facts.request();
        ConnectionMetaData connection = request.getConnectionMetaData();
        boolean secure = facts.secure();
        SocketAddress local = connection.getLocalSocketAddress();
        InetSocketAddress localInet = local instanceof InetSocketAddress inet ? inet : null;
        writer.request(
                request.getMethod(),
                secure ? "https" : "http",
                protocol(connection.getHttpVersion()),
                Math.min(facts.hops(), 255),
                contentLength,
                deadlineMillis,
                facts.requestId(),
                target(request),
                facts.authority(),
                facts.remote(),
                facts.remotePort(),
                localInet == null ? null : localInet.getAddress(),
                localInet == null ? 0 : localInet.getPort());
    }

    private static byte[] target(Request request) {
        if (request instanceof PeerRequest peer) {
            return peer.head().target();
        }
        String target = request.getHttpURI().getPathQuery();
        return target.getBytes(ascii(target) ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
    }

    private void field(HttpField field, boolean trustedPeer) {
        HttpHeader header = field.getHeader();
        String value = field.getValue();
        if (value == null) {
            value = "";
        }
        if (header == null) {
            String name = field.getName();
            if (!dropsLiteral(name, trustedPeer) && !nominated(name)) {
                writer.field(name, value);
            }
            return;
        }
        int action = ACTIONS[header.ordinal()];
        if (action == DROP || (!nominated.isEmpty() && nominated(header.asString()))) {
            return;
        }
        if (action > LITERAL) {
            writer.field(action, value);
        } else if (action == LITERAL) {
            writer.field(header.asString(), value);
        } else if (action == FORWARDED) {
            if (trustedPeer) {
                writer.field(header.asString(), value);
            }
        } else if (containsTrailers(value)) {
            writer.field(HeaderTable.indexOf("TE"), "trailers");
        }
    }

    private static boolean ofTrace(HttpField field) {
        return field.getHeader() == null
                && (field.getName().equalsIgnoreCase(Tracing.TRACE_PARENT)
                        || field.getName().equalsIgnoreCase(Tracing.TRACE_STATE));
    }

    private void trace(RequestSpan span) {
        writer.field(TRACE_PARENT_INDEX, span.traceParent());
        if (!span.traceState().isEmpty()) {
            writer.field(TRACE_STATE_INDEX, span.traceState());
        }
    }

    private void via(HttpVersion version) {
        writer.field(
                VIA_INDEX,
                switch (version) {
                    case HTTP_1_0 -> VIA_HTTP_1_0;
                    case HTTP_2 -> VIA_HTTP_2;
                    default -> VIA_HTTP_1_1;
                });
    }

    private static final int VIA_INDEX = HeaderTable.indexOf("Via");
    private static final int TRACE_PARENT_INDEX = HeaderTable.indexOf(Tracing.TRACE_PARENT);
    private static final int TRACE_STATE_INDEX = HeaderTable.indexOf(Tracing.TRACE_STATE);

    /** Fields that Connection names are hop-by-hop, but for those that must never be taken away this way. */
    private void nominate(HttpFields fields) {
        nominated.clear();
        if (!fields.contains(HttpHeader.CONNECTION)) {
            return;
        }
        for (String token : fields.getCSV(HttpHeader.CONNECTION, false)) {
            if (!token.equalsIgnoreCase("close")
                    && !token.equalsIgnoreCase("keep-alive")
                    && !neverStripped(token.toLowerCase(Locale.ROOT))) {
                nominated.add(token);
            }
        }
    }

    private static boolean neverStripped(String name) {
        return switch (name) {
            case "host", "authorization", "cookie", "forwarded", "via", "expect", "origin", "range", "x-real-ip" ->
                true;
            default ->
                name.startsWith("content-")
                        || name.startsWith("x-forwarded-")
                        || name.startsWith("fluid-")
                        || name.startsWith("if-");
        };
    }

    private boolean nominated(String name) {
        for (int i = 0; i < nominated.size(); i++) {
            if (nominated.get(i).equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    /** Names that clients may not use, and names that only a trusted proxy may use. */
    private static boolean dropsLiteral(String name, boolean trustedPeer) {
        char first = name.charAt(0);
        return switch (first) {
            case ':' -> true;
            case 'F', 'f' -> name.regionMatches(true, 0, "Fluid-", 0, 6);
            case 'X', 'x' ->
                name.regionMatches(true, 0, "X-Fluid-", 0, 8)
                        || (!trustedPeer
                                && (name.regionMatches(true, 0, "X-Forwarded-", 0, 12)
                                        || name.equalsIgnoreCase("X-Real-IP")));
            case 'P', 'p' -> name.equalsIgnoreCase("Proxy-Connection") || name.equalsIgnoreCase("Proxy");
            case 'H', 'h' -> name.equalsIgnoreCase("HTTP2-Settings");
            default -> false;
        };
    }

    private static boolean containsTrailers(String te) {
        int at = te.toLowerCase(Locale.ROOT).indexOf("trailers");
        return at >= 0;
    }

    private static boolean ascii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    private static int protocol(HttpVersion version) {
        return switch (version) {
            case HTTP_2 -> 0x20;
            case HTTP_3 -> 0x30;
            case HTTP_1_0 -> 0x10;
            default -> 0x11;
        };
    }

    private static int[] actions() {
        HttpHeader[] headers = HttpHeader.values();
        int[] actions = new int[headers.length];
        for (HttpHeader header : headers) {
            actions[header.ordinal()] = action(header);
        }
        return actions;
    }

    private static int action(HttpHeader header) {
        return switch (header) {
            case CONNECTION,
                    CONTENT_LENGTH,
                    HOST,
                    KEEP_ALIVE,
                    PROXY_CONNECTION,
                    PROXY_AUTHENTICATE,
                    PROXY_AUTHORIZATION,
                    TRANSFER_ENCODING,
                    UPGRADE,
                    HTTP2_SETTINGS -> DROP;
            case TE -> TE;
            case FORWARDED,
                    X_FORWARDED_FOR,
                    X_FORWARDED_HOST,
                    X_FORWARDED_PORT,
                    X_FORWARDED_PROTO,
                    X_FORWARDED_SERVER -> FORWARDED;
            default -> header.isPseudo() ? DROP : HeaderTable.indexOf(header.asString());
        };
    }

    /** The address of an endpoint, or null when it has none. */
    static @Nullable InetAddress address(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet.getAddress() : null;
    }
}
