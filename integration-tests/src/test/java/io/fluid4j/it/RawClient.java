/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * An HTTP/1.1 client that does exactly what the test says: octets out as they are given, and of what comes in it shows
 * where each chunk ends, how the message was framed and whether it was complete. One thread at a time.
 */
final class RawClient implements AutoCloseable {

    private static final int READ_TIMEOUT_MILLIS = 20_000;

    /** How the end of a body is known. */
    enum Framing {
        NONE,
        LENGTH,
        CHUNKED,
        CLOSE
    }

    /** A response's head. Names are in lower case; several fields of one name keep their order. */
    record Head(String version, int status, Map<String, List<String>> fields) {
        String first(String name) {
            List<String> values = fields.get(name.toLowerCase(Locale.ROOT));
            return values == null ? null : values.get(0);
        }

        List<String> all(String name) {
            return fields.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
        }
    }

    /** A whole response. */
    record Response(Head head, byte[] body, Map<String, List<String>> trailers, List<Head> interim) {
        int status() {
            return head.status();
        }

        String first(String name) {
            return head.first(name);
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /** The value in a line {@code name=value} of the body. */
        String value(String name) {
            return text().lines()
                    .filter(line -> line.startsWith(name + "="))
                    .map(line -> line.substring(name.length() + 1))
                    .findFirst()
                    .orElse(null);
        }
    }

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private Framing framing = Framing.NONE;
    private long left;
    private boolean ended = true;
    private boolean afterChunk;
    private Map<String, List<String>> trailers = Map.of();

    private RawClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
        this.out = socket.getOutputStream();
    }

    static RawClient connect(int port) throws IOException {
        return connect(port, 0);
    }

    /** With a receive buffer of that size, so that what the client does not read is felt soon; 0: the system's. */
    static RawClient connect(int port, int receiveBufferBytes) throws IOException {
        Socket socket = new Socket();
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), READ_TIMEOUT_MILLIS);
        return new RawClient(socket);
    }

    /** From that address of this machine. */
    static RawClient connectFrom(String address, int port) throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.bind(new InetSocketAddress(address, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), READ_TIMEOUT_MILLIS);
        return new RawClient(socket);
    }

    /** Over a socket that is connected already, such as one of TLS. */
    static RawClient over(Socket socket) throws IOException {
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        return new RawClient(socket);
    }

    /** How long a read waits before it fails; 20 s unless set. */
    RawClient patience(Duration limit) throws IOException {
        socket.setSoTimeout((int) limit.toMillis());
        return this;
    }

    /** Whether something has come; reads nothing. */
    boolean answered() throws IOException {
        return in.available() > 0;
    }

    int localPort() {
        return socket.getLocalPort();
    }

    void send(String octets) throws IOException {
        send(octets.getBytes(StandardCharsets.ISO_8859_1));
    }

    void send(byte[] octets) throws IOException {
        out.write(octets);
        out.flush();
    }

    void sendChunk(byte[] octets, int length) throws IOException {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream(length + 16);
        chunk.writeBytes((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        chunk.write(octets, 0, length);
        chunk.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        send(chunk.toByteArray());
    }

    void sendChunk(String text) throws IOException {
        byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
        sendChunk(octets, octets.length);
    }

    /** No more octets from here; the response can still come. */
    void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /** Breaks the connection with a reset, as a client that dies does. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** The next head, interim ones included. {@code method} decides whether a body follows. */
    Head readHead(String method) throws IOException {
        String line = readLine();
        if (line.isEmpty()) {
            line = readLine();
        }
        String[] parts = line.split(" ", 3);
        if (!parts[0].startsWith("HTTP/")) {
            throw new IOException("not a status line: " + line);
        }
        Head head = new Head(parts[0], Integer.parseInt(parts[1]), readFields());
        frame(method, head);
        return head;
    }

    private void frame(String method, Head head) throws IOException {
        trailers = Map.of();
        ended = false;
        afterChunk = false;
        String codings = head.first("transfer-encoding");
        String length = head.first("content-length");
        if (codings != null && length != null) {
            throw new IOException("a length and a transfer coding in one head");
        }
        if (method.equals("HEAD") || head.status() < 200 || head.status() == 204 || head.status() == 304) {
            framing = Framing.NONE;
            ended = true;
        } else if (codings != null) {
            framing = Framing.CHUNKED;
            left = 0;
        } else if (length != null) {
            framing = Framing.LENGTH;
            left = Long.parseLong(length);
            ended = left == 0;
        } else {
            framing = Framing.CLOSE;
        }
    }

    Framing framing() {
        return framing;
    }

    /**
     * The body octets that are there, at least one, at most up to the end of a chunk; an empty array at the end.
     *
     * @throws EOFException when the connection ends before the message does
     */
    byte[] readSome() throws IOException {
        if (ended) {
            return new byte[0];
        }
        if (framing == Framing.CHUNKED && left == 0) {
            // Some servers send the line end after a chunk only with the next one, so it is read no sooner.
            if (afterChunk) {
                readLine();
            }
            String size = readLine();
            afterChunk = true;
            left = Long.parseLong(size.split(";", 2)[0].trim(), 16);
            if (left == 0) {
                trailers = readFields();
                ended = true;
                return new byte[0];
            }
        }
        int most = framing == Framing.CLOSE ? 64 * 1024 : (int) Math.min(left, 64 * 1024);
        byte[] octets = new byte[most];
        int n = in.read(octets, 0, most);
        if (n < 0) {
            if (framing == Framing.CLOSE) {
                ended = true;
                return new byte[0];
            }
            throw new EOFException("the connection ended, " + left + " octets of " + framing + " missing");
        }
        if (framing != Framing.CLOSE) {
            left -= n;
        }
        if (left == 0 && framing == Framing.LENGTH) {
            ended = true;
        }
        return n == most ? octets : java.util.Arrays.copyOf(octets, n);
    }

    /** Reads until the text has come; the octets up to its end are taken. */
    String readUntil(String text) throws IOException {
        StringBuilder got = new StringBuilder();
        while (got.indexOf(text) < 0) {
            byte[] some = readSome();
            if (some.length == 0) {
                throw new EOFException("the body ended before \"" + text + "\": " + got);
            }
            got.append(new String(some, StandardCharsets.ISO_8859_1));
        }
        return got.toString();
    }

    byte[] readBody() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (byte[] some = readSome(); some.length > 0; some = readSome()) {
            body.writeBytes(some);
        }
        return body.toByteArray();
    }

    Map<String, List<String>> trailers() {
        return trailers;
    }

    /** Interim responses, the final one, its body and trailers. */
    Response readResponse(String method) throws IOException {
        List<Head> interim = new ArrayList<>();
        Head head = readHead(method);
        while (head.status() < 200) {
            interim.add(head);
            head = readHead(method);
        }
        byte[] body = readBody();
        return new Response(head, body, trailers, List.copyOf(interim));
    }

    /** Whether the server has ended the connection; waits for it. */
    boolean atEnd() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    private Map<String, List<String>> readFields() throws IOException {
        Map<String, List<String>> fields = new LinkedHashMap<>();
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            fields.computeIfAbsent(line.substring(0, colon).toLowerCase(Locale.ROOT), k -> new ArrayList<>())
                    .add(line.substring(colon + 1).trim());
        }
        return fields;
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(80);
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0) {
                throw new EOFException("the connection ended in a line: " + line.toString(StandardCharsets.ISO_8859_1));
            }
            line.write(octet);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
