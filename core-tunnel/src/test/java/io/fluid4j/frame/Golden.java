/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The golden bytes: {@code golden.txt} beside this class. */
record Golden(String name, Side sender, byte[] octets, List<String> expected) {

    static final byte[] SECRET = "correct horse battery staple".getBytes(UTF_8);

    private static final Pattern TITLE = Pattern.compile("== (\\S+) (\\S+)");
    private static final Pattern HEX = Pattern.compile("((?:[0-9a-f]{2} ?)+)(?: {2}.*)?");
    private static final Map<String, Golden> ALL = load();

    static List<Golden> all() {
        return List.copyOf(ALL.values());
    }

    static Golden of(String name) {
        Golden golden = ALL.get(name);
        if (golden == null) {
            throw new IllegalArgumentException("no golden " + name);
        }
        return golden;
    }

    /** The frame without its header. */
    byte[] payload() {
        byte[] payload = new byte[octets.length - FrameWriter.HEADER_BYTES];
        System.arraycopy(octets, FrameWriter.HEADER_BYTES, payload, 0, payload.length);
        return payload;
    }

    int typeId() {
        return octets[3] & 0xFF;
    }

    /** A reader that has seen what must come before this frame, and an empty log. */
    FrameReader reader(EventLog log) throws SessionException {
        return reader(sender, typeId(), log);
    }

    static FrameReader reader(Side sender, int typeId, EventLog log) throws SessionException {
        FrameLimits limits = sender == Side.DIALLER || sender == Side.ACCEPTOR
                ? FrameLimits.HANDSHAKE
                : FrameLimits.of(Settings.SERVER_DEFAULTS);
        FrameReader reader = new FrameReader(sender, limits, log);
        if (typeId == FrameType.PROOF.id()) {
            reader.read(ByteBuffer.wrap(of("hello-instance").octets));
        } else if (typeId == FrameType.WELCOME.id()) {
            reader.read(ByteBuffer.wrap(of("challenge").octets));
        } else if (sender == Side.REQUESTER && typeId != FrameType.REQUEST_STARTED.id()) {
            reader.read(ByteBuffer.wrap(of("request-all").octets));
        }
        log.lines.clear();
        return reader;
    }

    /** The octets of a line {@code 00 01 02  comment}; null when it is not one. */
    static byte[] hex(String line) {
        Matcher matcher = HEX.matcher(line);
        return matcher.matches()
                ? HexFormat.ofDelimiter(" ").parseHex(matcher.group(1).strip())
                : null;
    }

    @Override
    public String toString() {
        return name;
    }

    private static Map<String, Golden> load() {
        Map<String, Golden> goldens = new LinkedHashMap<>();
        try (InputStream in = Golden.class.getResourceAsStream("golden.txt");
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, UTF_8))) {
            Matcher title = null;
            ByteArrayOutputStream octets = new ByteArrayOutputStream();
            List<String> expected = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher next = TITLE.matcher(line);
                if (next.matches()) {
                    title = next;
                } else if (line.startsWith("=> ")) {
                    expected.add(line.substring(3));
                    String name = title.group(1);
                    goldens.put(
                            name,
                            new Golden(
                                    name, Side.valueOf(title.group(2)), octets.toByteArray(), List.copyOf(expected)));
                    octets.reset();
                    expected.clear();
                } else if (!line.isEmpty() && !line.startsWith("#")) {
                    byte[] hex = hex(line);
                    if (hex == null) {
                        throw new IllegalStateException("not hex: " + line);
                    }
                    octets.writeBytes(hex);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return goldens;
    }
}
