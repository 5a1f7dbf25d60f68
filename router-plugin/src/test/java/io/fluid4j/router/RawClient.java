/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** An HTTP/1.1 client that sends exactly the octets it is told to. */
final class RawClient implements Closeable {

    private static final int PATIENCE_MILLIS = 30_000;

    private final Socket socket = new Socket();
    private final InputStream in;

    RawClient(int port) throws IOException {
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(new InetSocketAddress("127.0.0.1", port), PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    RawClient send(String octets) throws IOException {
        socket.getOutputStream().write(octets.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return this;
    }

    RawClient halfClose() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Closes with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    Socket socket() {
        return socket;
    }

    /** A response as it came over the wire. */
    record Answer(int status, List<String> fields, byte[] body, boolean complete) {
        @Nullable
        String field(String name) {
            String start = name.toLowerCase(Locale.ROOT) + ":";
            for (String field : fields) {
                if (field.toLowerCase(Locale.ROOT).startsWith(start)) {
                    return field.substring(start.length()).trim();
                }
            }
            return null;
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    /** The next final response; interim ones are passed over. */
    Answer answer(boolean toHead) throws IOException {
        while (true) {
            Answer head = readHead();
            if (head.status >= 200) {
                return toHead ? head : readBody(head);
            }
        }
    }

    Answer answer() throws IOException {
        return answer(false);
    }

    /** Status and fields of the next response, whatever its status. */
    Answer readHead() throws IOException {
        String status = line();
        if (!status.startsWith("HTTP/1.1 ")) {
            throw new IOException("not a response: " + status);
        }
        List<String> fields = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            fields.add(line);
        }
        return new Answer(Integer.parseInt(status.substring(9, 12)), fields, new byte[0], true);
    }

    Answer readBody(Answer head) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        List<String> fields = new ArrayList<>(head.fields);
        boolean complete = true;
        String length = head.field("Content-Length");
        try {
            if (head.status == 204 || head.status == 304) {
                complete = true;
            } else if (length != null) {
                long left = Long.parseLong(length);
                while (left-- > 0) {
                    body.write(octet());
                }
            } else if ("chunked".equalsIgnoreCase(head.field("Transfer-Encoding"))) {
                for (int size = chunkSize(); size > 0; size = chunkSize()) {
                    for (int i = 0; i < size; i++) {
                        body.write(octet());
                    }
                }
                for (String line = line(); !line.isEmpty(); line = line()) {
                    fields.add(line);
                }
            } else {
                for (int b = in.read(); b >= 0; b = in.read()) {
                    body.write(b);
                }
            }
        } catch (EOFException e) {
            complete = false;
        }
        return new Answer(head.status, fields, body.toByteArray(), complete);
    }

    /** The end of a chunk may come together with the next one. */
    private int chunkSize() throws IOException {
        String line = line();
        return Integer.parseInt((line.isEmpty() ? line() : line).split(";")[0], 16);
    }

    /** The octets of one chunk, as they come. */
    String chunk() throws IOException {
        int size = chunkSize();
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) octet();
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = octet(); b != '\n'; b = octet()) {
            if (b != '\r') {
                line.append((char) b);
            }
        }
        return line.toString();
    }

    /** True when the other side has closed. */
    boolean closedByPeer() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException reset) {
            return true;
        }
    }

    private int octet() throws IOException {
        int b;
        try {
            b = in.read();
        } catch (java.net.SocketException reset) {
            throw (EOFException) new EOFException("reset").initCause(reset);
        }
        if (b < 0) {
            throw new EOFException();
        }
        return b;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
