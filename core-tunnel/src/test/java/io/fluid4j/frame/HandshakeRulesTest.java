/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** PROTOCOL.md section 4, as far as one reader can judge. */
class HandshakeRulesTest {

    @Test
    void p4_1_onlyTheFrameThatIsDueIsAccepted() {
        String[] dialler = {"hello-instance", "proof"};
        String[] acceptor = {"challenge", "welcome"};
        assertThat(sequence(Side.DIALLER, dialler)).hasSize(2).noneMatch(line -> line.contains("ERROR"));
        assertThat(sequence(Side.ACCEPTOR, acceptor)).hasSize(2).noneMatch(line -> line.contains("ERROR"));
        assertThat(sequence(Side.DIALLER, "proof")).containsExactly("SESSION_ERROR PROTOCOL silent");
        assertThat(last(Side.DIALLER, "hello-instance", "hello-instance")).isEqualTo("SESSION_ERROR PROTOCOL");
        assertThat(last(Side.ACCEPTOR, "welcome")).isEqualTo("SESSION_ERROR PROTOCOL");
        assertThat(last(Side.ACCEPTOR, "challenge", "challenge")).isEqualTo("SESSION_ERROR PROTOCOL");
        assertThat(last(Side.DIALLER, "hello-instance", "health")).isEqualTo("SESSION_ERROR PROTOCOL");
        assertThat(last(Side.DIALLER, "hello-instance", "proof", "health")).isEqualTo("SESSION_ERROR PROTOCOL");
        assertThat(last(Side.ACCEPTOR, "challenge", "welcome", "ping")).isEqualTo("SESSION_ERROR PROTOCOL");
    }

    @Test
    void p4_1_closeIsAlwaysAllowed() {
        assertThat(sequence(Side.DIALLER, "close")).containsExactly("CLOSE NONE 0 \"\"");
        assertThat(last(Side.DIALLER, "hello-instance", "close")).isEqualTo("CLOSE NONE 0 \"\"");
        assertThat(last(Side.DIALLER, "hello-instance", "proof", "close")).isEqualTo("CLOSE NONE 0 \"\"");
        assertThat(last(Side.ACCEPTOR, "challenge", "close")).isEqualTo("CLOSE NONE 0 \"\"");
    }

    @Test
    void p4_1_theHandshakeEndsWhenTheListenerSaysSo() throws SessionException {
        EventLog log = new EventLog();
        FrameReader reader = new FrameReader(Side.DIALLER, FrameLimits.HANDSHAKE, log);
        reader.read(ByteBuffer.wrap(Golden.of("hello-instance").octets()));
        reader.read(ByteBuffer.wrap(Golden.of("proof").octets()));
        assertThatThrownBy(() -> reader.established(Side.DIALLER, FrameLimits.HANDSHAKE))
                .isInstanceOf(IllegalArgumentException.class);
        reader.established(Side.SERVER, FrameLimits.of(Settings.REQUESTER_DEFAULTS));
        reader.read(ByteBuffer.wrap(Golden.of("health-empty").octets()));
        assertThat(log.lines.get(2)).startsWith("HEALTH 1 ");
        assertThatThrownBy(() -> reader.established(Side.SERVER, FrameLimits.HANDSHAKE))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void p4_2_whatIsNotThisProtocolGetsNoAnswer() {
        byte[] hello = Golden.of("hello-instance").octets().clone();
        hello[9] = 'f';
        assertThat(Raw.read(Side.DIALLER, hello)).containsExactly("SESSION_ERROR PROTOCOL silent");
        byte[] http = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII);
        assertThat(Raw.read(Side.DIALLER, http)).containsExactly("SESSION_ERROR FRAME_TOO_LARGE silent");
        byte[] tls = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, (byte) 0xFC};
        assertThat(Raw.read(Side.DIALLER, tls)).containsExactly("SESSION_ERROR FRAME_TOO_LARGE silent");
    }

    @Test
    void p4_2_aHelloWithTheMagicIsAnswered() {
        byte[] hello = Golden.of("hello-instance").octets().clone();
        hello[15] = 3;
        assertThat(Raw.read(Side.DIALLER, hello)).containsExactly("SESSION_ERROR MALFORMED");
    }

    @Test
    void p4_3_identitiesObeyTheirGrammar() {
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "", "shop", "v1"));
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a b", "shop", "v1"));
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a".repeat(65), "shop", "v1"));
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a", "Shop", "v1"));
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a", "shop-", "v1"));
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a", "s".repeat(64), "v1"));
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a", "shop", "v/1"));
        assertHello("HELLO", raw -> extensions(raw, "a".repeat(64), "s".repeat(63), "V.1_-"));
        // Required for an instance.
        assertHello("SESSION_ERROR MALFORMED", raw -> {});
    }

    @Test
    void p4_3_extensionsHaveTheirExactSizes() {
        for (int type : new int[] {0x0007, 0x0008, 0x0009, 0x000A, 0x000B, 0x000C}) {
            for (int size : new int[] {0, 1, 3, 5, 7, 9, 15, 17}) {
                assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a", "shop", "v1")
                        .extension(type, new byte[size]));
            }
        }
        assertHello("SESSION_ERROR MALFORMED", raw -> extensions(raw, "a", "shop", "v1")
                .extension(0x0004, new byte[65]));
    }

    @Test
    void p4_4_aChallengeChoosesExactlyOneWay() {
        for (int authentication : new int[] {0, 3, 4}) {
            byte[] payload = Golden.of("challenge").payload();
            payload[1] = (byte) authentication;
            assertThat(Raw.read(Side.ACCEPTOR, Raw.frame(FrameType.CHALLENGE.id(), 0, 0, payload)))
                    .containsExactly("SESSION_ERROR MALFORMED");
        }
    }

    @Test
    void p4_5_aProofHas32OctetsOrNone() {
        for (int size : new int[] {1, 31}) {
            assertThat(Raw.read(Side.DIALLER, Raw.frame(FrameType.PROOF.id(), 0, 0, new byte[size])))
                    .containsExactly("SESSION_ERROR MALFORMED");
        }
        byte[] welcome = Golden.of("welcome").payload();
        welcome[0] = 31;
        assertThat(Raw.read(Side.ACCEPTOR, Raw.frame(FrameType.WELCOME.id(), 0, 0, welcome)))
                .containsExactly("SESSION_ERROR MALFORMED");
    }

    @Test
    void p4_6_settingsHaveRanges() {
        long[][] outside = {
            {16_383, 1_048_577, 0x8000_0000L},
            {16_383, 0x8000_0000L},
            {65_535, 0xFFFF_FFFFL},
            {0x8000_0000L},
            {8_191, 1_048_577},
            {99, 60_001},
            {49, 60_001, 0}
        };
        long[][] inside = {
            {16_384, 1_048_576},
            {16_384, Integer.MAX_VALUE},
            {65_536, Integer.MAX_VALUE},
            {0, Integer.MAX_VALUE},
            {8_192, 1_048_576},
            {100, 60_000},
            {50, 60_000}
        };
        for (int setting = 0; setting < 7; setting++) {
            for (long value : outside[setting]) {
                assertThat(Raw.read(Side.DIALLER, helloWith(setting, value)))
                        .as("setting %d value %d", setting, value)
                        .containsExactly("SESSION_ERROR SETTINGS");
            }
            for (long value : inside[setting]) {
                assertThat(Raw.read(Side.DIALLER, helloWith(setting, value)))
                        .as("setting %d value %d", setting, value)
                        .allMatch(line -> line.startsWith("HELLO "));
            }
        }
    }

    @Test
    void p9_1_nothingAbove4096OctetsDuringTheHandshake() {
        byte[] header = {0x00, 0x10, 0x01, (byte) FrameType.CHALLENGE.id(), 0, 0, 0, 0, 0};
        assertThat(Raw.read(Side.ACCEPTOR, header)).containsExactly("SESSION_ERROR FRAME_TOO_LARGE");
    }

    @Test
    void theBuilderRefusesWhatTheReaderWould() {
        assertThatThrownBy(() -> Hello.builder().build()).hasMessageContaining("nonce");
        assertThatThrownBy(() -> GoldenBytesTest.instance().function("").build())
                .hasMessageContaining("function");
        assertThatThrownBy(() -> GoldenBytesTest.instance().zone("z".repeat(65)).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Welcome(Settings.REQUESTER_DEFAULTS, "Router", "", "", List.of(), ""))
                .hasMessageContaining("router id");
        assertThatThrownBy(() -> new Welcome(Settings.REQUESTER_DEFAULTS, "", "", "", List.of("http://x"), ""))
                .hasMessageContaining("tcp://");
        assertThatThrownBy(() -> Proofs.keyId(new byte[0])).hasMessageContaining("secret is empty");
    }

    private static byte[] helloWith(int setting, long value) {
        Raw raw = new Raw()
                .bytes((byte) 'F', (byte) 'L', (byte) 'U', (byte) 'D')
                .u8(1)
                .u8(1)
                .u8(1)
                .u8(1);
        raw.bytes(new byte[32]);
        long[] values = {131_072, 262_144, 16_777_216, 100, 98_304, 2_000, 250};
        values[setting] = value;
        for (int i = 0; i < 5; i++) {
            raw.u32(values[i]);
        }
        raw.u16((int) values[5]).u16((int) values[6]);
        return extensions(raw, "a", "shop", "v1").frame(FrameType.HELLO, 0);
    }

    private static Raw extensions(Raw raw, String id, String function, String deployment) {
        return raw.extension(1, id.getBytes(US_ASCII))
                .extension(2, function.getBytes(US_ASCII))
                .extension(3, deployment.getBytes(US_ASCII));
    }

    private static void assertHello(String expected, Consumer<Raw> extensions) {
        Raw raw = new Raw()
                .bytes((byte) 'F', (byte) 'L', (byte) 'U', (byte) 'D')
                .u8(1)
                .u8(1)
                .u8(1)
                .u8(1);
        raw.bytes(new byte[32])
                .u32(131_072)
                .u32(262_144)
                .u32(16_777_216)
                .u32(100)
                .u32(98_304)
                .u16(2_000)
                .u16(250);
        extensions.accept(raw);
        assertThat(Raw.read(Side.DIALLER, raw.frame(FrameType.HELLO, 0)))
                .hasSize(1)
                .allMatch(line -> line.startsWith(expected));
    }

    private static String last(Side peer, String... goldens) {
        List<String> lines = sequence(peer, goldens);
        return lines.get(lines.size() - 1);
    }

    private static List<String> sequence(Side peer, String... goldens) {
        EventLog log = new EventLog();
        FrameReader reader = new FrameReader(peer, FrameLimits.HANDSHAKE, log);
        try {
            for (String golden : goldens) {
                reader.read(ByteBuffer.wrap(Golden.of(golden).octets()));
            }
        } catch (SessionException e) {
            List<String> lines = new ArrayList<>(log.lines);
            lines.add("SESSION_ERROR " + e.code() + (e.silent() ? " silent" : ""));
            return lines;
        }
        return log.lines;
    }
}
