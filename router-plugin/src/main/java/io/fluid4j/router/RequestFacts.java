/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.RequestHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * What the router believes of a request after the guard: who sent it, over what, for whom. Immutable.
 *
 * @param request Jetty's request
 * @param requestId 16 random octets
 * @param authority host and optional port, empty when an HTTP/1.0 client sent none
 * @param path the normalised path, for routing
 * @param secure true when the client came by https
 * @param remote the client's address, null when not known
 * @param remotePort the client's port, 0 when a proxy reported the address
 * @param trustedPeer true when the connection comes from a trusted proxy
 * @param timesHere how often it has come through this fleet before
 * @param hops how many routers it has passed, this one included
 */
@SuppressWarnings("ArrayRecordComponent") // The id is made here, once, and nobody changes it.
record RequestFacts(
        Request request,
        byte[] requestId,
        String authority,
        String path,
        boolean secure,
        @Nullable InetAddress remote,
        int remotePort,
        boolean trustedPeer,
        int timesHere,
        int hops) {

    /** Collects the facts; a {@link Rejection} instead when host or path is malformed. */
    static Object collect(Request request, TrustedProxies proxies) {
        if (request instanceof PeerRequest peer) {
            return ofPeer(peer);
        }
        HttpURI uri = request.getHttpURI();
        HttpFields fields = request.getHeaders();
        String path = RoutePath.normalise(uri.getPath());
        if (path == null) {
            return Rejection.BAD_TARGET;
        }
        String authority = fields.get(HttpHeader.HOST);
        if (authority == null) {
            authority = uri.getAuthority();
        }
        authority = Guard.authority(authority == null ? "" : authority);
        HttpVersion version = request.getConnectionMetaData().getHttpVersion();
        // An HTTP/2 request has one of both, RFC 9113 section 8.3.1, and http and https have no empty one.
        if (authority == null || (authority.isEmpty() && version.getVersion() >= HttpVersion.HTTP_2.getVersion())) {
            return Rejection.BAD_HOST;
        }
        SocketAddress peer = request.getConnectionMetaData().getRemoteSocketAddress();
        InetAddress remote = null;
        int remotePort = 0;
        if (peer instanceof InetSocketAddress inet) {
            remote = inet.getAddress();
            remotePort = inet.getPort();
        }
        // Of the connection: what an HTTP/2 client says in :scheme is only its word.
        boolean secure = request.getConnectionMetaData().isSecure();
        boolean trusted = proxies.trusts(remote);
        if (trusted) {
            InetAddress client = proxies.client(fields);
            if (client != null) {
                remote = client;
                remotePort = 0;
            }
            String scheme = proxies.scheme(fields);
            secure = scheme == null ? secure : scheme.equals("https");
            String asked = proxies.authority(fields);
            authority = asked == null ? authority : asked;
        }
        int before = RequestHeadEncoder.timesHere(fields);
        return new RequestFacts(
                request, newRequestId(), authority, path, secure, remote, remotePort, trusted, before, before + 1);
    }

    /** Of a request that another router has looked at: what that one believes. */
    private static Object ofPeer(PeerRequest peer) {
        RequestHead head = peer.head();
        String path = RoutePath.normalise(peer.getHttpURI().getPath());
        if (path == null) {
            return Rejection.BAD_TARGET;
        }
        return new RequestFacts(
                peer,
                head.requestIdBytes(),
                head.authority(),
                path,
                head.secure(),
                head.remote(),
                head.remotePort(),
                true,
                // The other router's own Via is among them; it is the same time through the fleet.
                Math.max(0, RequestHeadEncoder.timesHere(peer.getHeaders()) - 1),
                head.hops() + 1);
    }

    /** The request id as everybody shows it: 32 lower-case hex digits. */
    String requestIdText() {
        return HexFormat.of().formatHex(requestId);
    }

    /** Unique, not secret: nobody may rely on that it cannot be guessed. */
    static byte[] newRequestId() {
        byte[] id = new byte[16];
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long high = random.nextLong();
        long low = random.nextLong();
        for (int i = 0; i < 8; i++) {
            id[i] = (byte) (high >>> (8 * i));
            id[8 + i] = (byte) (low >>> (8 * i));
        }
        return id;
    }
}
