/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.TlsInfo;
import io.fluid4j.tunnel.OutboundStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A request to be sent. */
final class Req {
    static final InetAddress CLIENT = address(203, 0, 113, 7);
    static final InetAddress FRONT = address(198, 51, 100, 1);

    final String method;
    final String target;
    final byte[] id = TestRouter.requestId();
    final List<String> fields = new ArrayList<>();
    String scheme = "http";
    String authority = "shop.example:8443";
    byte[] body;
    boolean open;
    boolean stalled;
    boolean announceLength = true;
    TlsInfo tls;
    List<byte[]> certificates = List.of();
    HeadWriter trailers;

    Req(String method, String target) {
        this.method = method;
        this.target = target;
    }

    static Req get(String target) {
        return new Req("GET", target);
    }

    static Req post(String target, byte[] body) {
        Req request = new Req("POST", target);
        request.body = body;
        return request;
    }

    static Req post(String target, String body) {
        return post(target, body.getBytes(StandardCharsets.UTF_8));
    }

    Req field(String name, String value) {
        fields.add(name);
        fields.add(value);
        return this;
    }

    Req scheme(String value) {
        scheme = value;
        return this;
    }

    Req authority(String value) {
        authority = value;
        return this;
    }

    /** The body is not ended; the test sends more or nothing. */
    Req leftOpen() {
        open = true;
        announceLength = false;
        return this;
    }

    /** The response's octets are not consumed until {@link Call#resume}. */
    Req stalled() {
        stalled = true;
        return this;
    }

    Req unknownLength() {
        announceLength = false;
        return this;
    }

    Req tls(TlsInfo info, List<byte[]> chain) {
        tls = info;
        certificates = chain;
        return this;
    }

    Req trailer(String name, String value) {
        announceLength = false;
        trailers = new HeadWriter().trailers().field(name, value);
        return this;
    }

    HeadWriter encode() {
        boolean none = body == null && !open;
        long length = none ? 0 : announceLength && body != null ? body.length : -1;
        HeadWriter head = new HeadWriter()
                .request(method, scheme, 0x11, 1, length, 0, id, target, authority, CLIENT, 40_001, FRONT, 443);
        for (int i = 0; i < fields.size(); i += 2) {
            head.field(fields.get(i), fields.get(i + 1));
        }
        if (tls != null) {
            head.tls(tls);
        }
        if (!certificates.isEmpty()) {
            head.clientCertificates(certificates);
        }
        return head;
    }

    void finish(OutboundStream stream) {
        if (trailers != null) {
            stream.end(trailers);
        }
    }

    private static InetAddress address(int a, int b, int c, int d) {
        try {
            return InetAddress.getByAddress(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d});
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
