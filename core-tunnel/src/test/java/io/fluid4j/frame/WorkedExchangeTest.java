/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The worked exchange of PROTOCOL.md section 12, read from the document itself. */
class WorkedExchangeTest {

    private static final Path DOCUMENT = Path.of("..", "docs", "PROTOCOL.md");

    @Test
    void isReadAsTheDocumentSays() throws Exception {
        EventLog instanceSent = new EventLog();
        EventLog routerSent = new EventLog();
        FrameReader atRouter = new FrameReader(Side.DIALLER, FrameLimits.HANDSHAKE, instanceSent);
        FrameReader atInstance = new FrameReader(Side.ACCEPTOR, FrameLimits.HANDSHAKE, routerSent);
        List<Frame> frames = frames();
        int handshake = 4;
        for (int i = 0; i < frames.size(); i++) {
            if (i == handshake) {
                atRouter.established(Side.SERVER, FrameLimits.of(Settings.REQUESTER_DEFAULTS));
                atInstance.established(Side.REQUESTER, FrameLimits.of(Settings.SERVER_DEFAULTS));
            }
            Frame frame = frames.get(i);
            (frame.fromInstance ? atRouter : atInstance).read(ByteBuffer.wrap(frame.octets));
        }
        assertThat(instanceSent.lines)
                .extracting(line -> line.substring(0, line.indexOf(' ')))
                .containsExactly(
                        "HELLO",
                        "PROOF",
                        "HEALTH",
                        "RESPONSE_STARTED",
                        "RESPONSE_BODY",
                        "RESPONSE_END",
                        "ACCEPTED",
                        "CREDIT",
                        "RESPONSE_STARTED",
                        "RESPONSE_END",
                        "NACK",
                        "CANCEL",
                        "PONG",
                        "DRAIN",
                        "HEALTH",
                        "CLOSE");
        assertThat(routerSent.lines)
                .extracting(line -> line.substring(0, line.indexOf(' ')))
                .containsExactly(
                        "CHALLENGE",
                        "WELCOME",
                        "REQUEST_STARTED",
                        "CREDIT",
                        "REQUEST_STARTED",
                        "REQUEST_BODY",
                        "REQUEST_END",
                        "REQUEST_STARTED",
                        "REQUEST_STARTED",
                        "CANCEL",
                        "PING");
        assertThat(routerSent.lines.get(2)).contains("GET https 20").contains("target /hello?name=you");
        assertThat(routerSent.lines.get(6)).isEqualTo("REQUEST_END 2 [0 X-Checksum=5d41402a]");
        assertThat(instanceSent.lines.get(5)).isEqualTo("RESPONSE_END 1 [] usage 1 850000 12000 1300000 48640");
        assertThat(atRouter.closed()).isTrue();
    }

    @Test
    void itsProofsHold() throws IOException {
        List<Frame> frames = frames();
        byte[] hello = frames.get(0).payload();
        byte[] challenge = frames.get(1).payload();
        byte[] proof = frames.get(2).payload();
        byte[] welcome = frames.get(3).payload();
        assertThat(Proofs.dialler(Golden.SECRET, hello, challenge)).isEqualTo(proof);
        assertThat(Proofs.acceptor(
                        Golden.SECRET, hello, challenge, proof, Arrays.copyOfRange(welcome, 33, welcome.length)))
                .isEqualTo(Arrays.copyOfRange(welcome, 1, 33));
    }

    private record Frame(boolean fromInstance, byte[] octets) {
        byte[] payload() {
            return Arrays.copyOfRange(octets, FrameWriter.HEADER_BYTES, octets.length);
        }
    }

    private static List<Frame> frames() throws IOException {
        List<Frame> frames = new ArrayList<>();
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        boolean fromInstance = false;
        boolean section = false;
        boolean fenced = false;
        for (String line : Files.readAllLines(DOCUMENT, UTF_8)) {
            section |= line.startsWith("## 12.");
            if (!section) {
                continue;
            }
            if (line.startsWith("```")) {
                fenced = !fenced;
            } else if (fenced) {
                byte[] hex = Golden.hex(line.substring(3));
                assertThat(hex).as(line).isNotNull();
                if (!line.startsWith("   ")) {
                    add(frames, fromInstance, octets);
                    fromInstance = line.startsWith("I>");
                }
                octets.writeBytes(hex);
            }
        }
        add(frames, fromInstance, octets);
        assertThat(frames).hasSizeGreaterThan(20);
        return frames;
    }

    private static void add(List<Frame> frames, boolean fromInstance, ByteArrayOutputStream octets) {
        if (octets.size() > 0) {
            frames.add(new Frame(fromInstance, octets.toByteArray()));
            octets.reset();
        }
    }
}
