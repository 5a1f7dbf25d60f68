/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fluid4j.frame.FrameWriter;
import io.fluid4j.testkit.WirePeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Floods of what costs its sender little. Each says how often it is sent in a second at most (the sender shares the
 * machine with the router), and by which words, with its address, the router has to name it; none for clients that do
 * nothing a well-meaning one may not do, too.
 */
enum Flood {
    /** Requests that are cancelled at once. */
    RAPID_RESETS(2_000, "cut off") {
        @Override
        Sender sender(Pair pair) {
            return new Http2Sender(pair) {
                @Override
                byte[] next(int stream) {
                    return Http2Frames.join(
                            request(Http2Frames.END_STREAM, stream),
                            Http2Frames.frame(
                                    Http2Frames.RST_STREAM, 0, stream, (byte) 0, (byte) 0, (byte) 0, (byte) 8));
                }
            };
        }
    },
    PINGS(2_000, "cut off") {
        @Override
        Sender sender(Pair pair) {
            return new Http2Sender(pair) {
                @Override
                byte[] next(int stream) {
                    return Http2Frames.frame(Http2Frames.PING, 0, 0, new byte[8]);
                }
            };
        }
    },
    SETTINGS(2_000, "cut off") {
        @Override
        Sender sender(Pair pair) {
            return new Http2Sender(pair) {
                @Override
                byte[] next(int stream) {
                    return Http2Frames.frame(Http2Frames.SETTINGS, 0, 0);
                }
            };
        }
    },
    /** A body of nothing that never ends. */
    EMPTY_FRAMES(2_000, "cut off") {
        @Override
        Sender sender(Pair pair) {
            return new Http2Sender(pair) {
                @Override
                byte[] next(int stream) {
                    return stream == 1 ? request(0, 1) : Http2Frames.frame(Http2Frames.DATA, 0, 1);
                }
            };
        }
    },
    /** Frames of a type that nobody knows. */
    UNKNOWN_FRAMES(2_000, "cut off") {
        @Override
        Sender sender(Pair pair) {
            return new Http2Sender(pair) {
                @Override
                byte[] next(int stream) {
                    return Http2Frames.frame(0xF0, 0, 0, new byte[8]);
                }
            };
        }
    },
    /** HTTP/1.1 clients that are gone as soon as they have asked; each has a connection of its own. */
    CLIENTS_THAT_LEAVE(500) {
        @Override
        Sender sender(Pair pair) {
            return from -> {
                try (Socket socket = from.connect(pair.router().httpPort())) {
                    socket.getOutputStream()
                            .write(pair.head("GET", "/response/plain").getBytes(US_ASCII));
                    socket.setSoLinger(true, 0);
                }
            };
        }
    },
    /** Request heads that never end; slow enough that they are held for longer than a head may take. */
    SLOW_HEADS(100, "cut off") {
        @Override
        Sender sender(Pair pair) {
            return new HoldingSender(pair.router().httpPort(), "GET / HTTP/1.1\r\nHost: a\r\nX-");
        }
    },
    /** Tunnels that never say who they are. */
    HALF_HANDSHAKES(500, "refused") {
        @Override
        Sender sender(Pair pair) {
            return new HoldingSender(pair.router().tunnelPort(), "F");
        }
    },
    /** Tunnels with the secret of one function that claim to be another. */
    CREDENTIAL_OF_ANOTHER(50, "refused", "UNAUTHORIZED", Names.OTHER_FUNCTION) {
        @Override
        Sender sender(Pair pair) {
            return from -> {
                try (WirePeer peer = from.dial(pair.router().tunnelPort())) {
                    peer.handshakeAsDialler(WirePeer.instance(Names.OTHER_FUNCTION), Delivery.SECRET);
                    throw new IllegalStateException("came in");
                } catch (AssertionError refused) {
                    // As it should be.
                }
            };
        }
    },
    TUNNEL_PINGS(2_000, Names.OTHER_FUNCTION, "has ended", "RATE_LIMITED") {
        @Override
        Sender sender(Pair pair) {
            return new TunnelSender(pair) {
                @Override
                void send(WirePeer peer) throws IOException {
                    peer.encode(out -> FrameWriter.ping(out, 1));
                }
            };
        }
    },
    TUNNEL_UNKNOWN_FRAMES(2_000, Names.OTHER_FUNCTION, "has ended", "RATE_LIMITED") {
        @Override
        Sender sender(Pair pair) {
            return new TunnelSender(pair) {
                @Override
                void send(WirePeer peer) throws IOException {
                    peer.send(0xF0, 0, 0, new byte[0]);
                }
            };
        }
    };

    /** Of who comes in, or wants to, beside the instance. */
    static final class Names {
        static final String OTHER_FUNCTION = "pay";
        static final String OTHER_SECRET = "the secret of another function";

        private Names() {}
    }

    private static final int HELD = 400;

    final int perSecond;
    private final String words;

    Flood(int perSecond, String... words) {
        this.perSecond = perSecond;
        this.words = String.join("|", words);
    }

    /** Whether the router has to name who sends it. */
    boolean offends() {
        return !words.isEmpty();
    }

    /** Whether who sends it over and over is kept out. */
    boolean turnedAway() {
        return this == RAPID_RESETS
                || this == PINGS
                || this == SETTINGS
                || this == EMPTY_FRAMES
                || this == UNKNOWN_FRAMES;
    }

    abstract Sender sender(Pair pair);

    /** Where a flood comes from: an address of this machine that nobody else uses, and the ports it has used. */
    record From(InetAddress address, Set<String> used) {

        From(String address) {
            this(literal(address), ConcurrentHashMap.newKeySet());
        }

        private static InetAddress literal(String address) {
            try {
                return InetAddress.getByName(address);
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(e);
            }
        }

        Socket connect(int port) throws IOException {
            Socket socket = new Socket();
            socket.bind(new InetSocketAddress(address, 0));
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            used.add(address.getHostAddress() + ":" + socket.getLocalPort());
            return socket;
        }

        WirePeer dial(int port) throws IOException {
            WirePeer peer = WirePeer.dial(port);
            used.add("127.0.0.1:" + peer.localPort());
            return peer;
        }
    }

    /** Sends one more of its kind. One thread at a time. */
    interface Sender extends AutoCloseable {
        void send(From from) throws IOException;

        /** It has been cut off; the next one goes over a new connection. */
        default void again() throws IOException {}

        @Override
        default void close() throws IOException {
            again();
        }
    }

    /** Whether a line of the router's log names who has sent from one of these ports. */
    boolean named(String line, From from) {
        return Stream.of(words.split(Pattern.quote("|"))).allMatch(line::contains)
                && from.used().stream().anyMatch(line::contains);
    }

    /** Keeps the newest so many connections open. */
    private static final class HoldingSender implements Sender {
        private final ArrayDeque<Socket> held = new ArrayDeque<>();
        private final int port;
        private final byte[] beginning;

        HoldingSender(int port, String beginning) {
            this.port = port;
            this.beginning = beginning.getBytes(US_ASCII);
        }

        @Override
        public void send(From from) throws IOException {
            Socket socket = from.connect(port);
            held.addLast(socket);
            socket.getOutputStream().write(beginning);
            if (held.size() > HELD) {
                held.removeFirst().close();
            }
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    /** A new connection when the old one is cut off. */
    private abstract static class Http2Sender implements Sender {
        private final Pair pair;
        private Socket socket;
        private int stream;

        Http2Sender(Pair pair) {
            this.pair = pair;
        }

        abstract byte[] next(int stream);

        byte[] request(int flags, int streamId) {
            return Http2Frames.frame(
                    Http2Frames.HEADERS,
                    flags | Http2Frames.END_HEADERS,
                    streamId,
                    Http2Frames.block(
                            ":method",
                            flags == 0 ? "POST" : "GET",
                            ":scheme",
                            "http",
                            ":authority",
                            "localhost",
                            ":path",
                            pair.environment().contextPath() + (flags == 0 ? "/upload" : "/response/plain")));
        }

        @Override
        public void send(From from) throws IOException {
            if (socket == null) {
                socket = from.connect(pair.router().httpPort());
                socket.getOutputStream().write(Http2Frames.preface());
                stream = -1;
            }
            stream += 2;
            socket.getOutputStream().write(next(stream));
        }

        @Override
        public void again() throws IOException {
            Socket open = socket;
            socket = null;
            if (open != null) {
                open.close();
            }
        }
    }

    /** Comes in with a credential of its own; again when it is cut off. */
    private abstract static class TunnelSender implements Sender {
        private final Pair pair;
        private WirePeer peer;

        TunnelSender(Pair pair) {
            this.pair = pair;
        }

        abstract void send(WirePeer open) throws IOException;

        @Override
        public void send(From from) throws IOException {
            if (peer == null) {
                peer = from.dial(pair.router().tunnelPort());
                peer.handshakeAsDialler(WirePeer.instance(Names.OTHER_FUNCTION), Names.OTHER_SECRET);
            }
            send(peer);
        }

        @Override
        public void again() throws IOException {
            WirePeer open = peer;
            peer = null;
            if (open != null) {
                open.close();
            }
        }
    }
}
