/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluid4j.frame.FrameType.Sender;
import io.fluid4j.frame.FrameType.StreamRule;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** PROTOCOL.md section 3, and the order of checks of P-2.3. */
class FrameRulesTest {

    private static final byte[] NOTHING = new byte[0];

    @Test
    void p3_1_aLengthAboveTheLimitIsRefusedByItsHeaderAlone() {
        byte[] header = {0x02, 0x00, 0x01, (byte) FrameType.RESPONSE_BODY.id(), 0, 0, 0, 0, 1};
        assertThat(Raw.read(Side.SERVER, header)).containsExactly("SESSION_ERROR FRAME_TOO_LARGE");
        header[2] = 0x00;
        assertThat(Raw.read(Side.SERVER, header)).isEmpty();
    }

    @Test
    void p3_1_theLimitHoldsForTypesThatAreNotKnown() {
        byte[] header = {0x02, 0x00, 0x01, (byte) 0xE0, 0, 0, 0, 0, 1};
        assertThat(Raw.read(Side.SERVER, header)).containsExactly("SESSION_ERROR FRAME_TOO_LARGE");
    }

    @Test
    void p3_2_streamIdsOnlyGrow() throws SessionException {
        byte[] head = Raw.request().u16(0).payload();
        for (int second : new int[] {5, 4, 1}) {
            EventLog log = new EventLog();
            FrameReader reader = new FrameReader(Side.REQUESTER, FrameLimits.of(Settings.SERVER_DEFAULTS), log);
            reader.read(ByteBuffer.wrap(Raw.frame(FrameType.REQUEST_STARTED.id(), 1, 5, head)));
            assertThatThrownBy(() ->
                            reader.read(ByteBuffer.wrap(Raw.frame(FrameType.REQUEST_STARTED.id(), 1, second, head))))
                    .isInstanceOfSatisfying(
                            SessionException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PROTOCOL));
            assertThat(log.lines).hasSize(1);
        }
    }

    @Test
    void p3_2_theHighestIdIsTwoToThe31MinusOne() {
        byte[] head = Raw.request().u16(0).payload();
        assertThat(Raw.read(Side.REQUESTER, Raw.frame(FrameType.REQUEST_STARTED.id(), 1, Integer.MAX_VALUE, head)))
                .hasSize(1)
                .allMatch(line -> line.startsWith("REQUEST_STARTED 2147483647 "));
        assertThat(Raw.read(Side.REQUESTER, Raw.frame(FrameType.REQUEST_STARTED.id(), 1, Integer.MIN_VALUE, head)))
                .containsExactly("SESSION_ERROR PROTOCOL");
        assertThat(Raw.read(Side.SERVER, Raw.frame(FrameType.ACCEPTED.id(), 0, -1, NOTHING)))
                .containsExactly("SESSION_ERROR PROTOCOL");
    }

    @Test
    void p3_2_aRequesterSendsNothingOnAnIdItHasNotOpened() {
        // The reader has seen stream 7.
        for (FrameType type :
                List.of(FrameType.REQUEST_BODY, FrameType.REQUEST_END, FrameType.CANCEL, FrameType.CREDIT)) {
            byte[] payload = new byte[type == FrameType.CREDIT ? 4 : 3];
            assertThat(Raw.read(Side.REQUESTER, Raw.frame(type.id(), 0, 8, payload)))
                    .as(type.name())
                    .containsExactly("SESSION_ERROR PROTOCOL");
        }
    }

    @Test
    void p3_2_aRefusedHeadUsesItsIdAllTheSame() throws SessionException {
        EventLog log = new EventLog();
        FrameReader reader = new FrameReader(Side.REQUESTER, FrameLimits.of(Settings.SERVER_DEFAULTS), log);
        reader.read(ByteBuffer.wrap(Raw.request("no slash", "").u16(0).frame(FrameType.REQUEST_STARTED, 5)));
        reader.read(ByteBuffer.wrap(Raw.frame(FrameType.REQUEST_BODY.id(), 0, 5, NOTHING)));
        assertThat(log.lines).containsExactly("STREAM_ERROR 5 REQUEST_STARTED MALFORMED", "REQUEST_BODY 5 ");
    }

    @ParameterizedTest
    @EnumSource(FrameType.class)
    void p3_3_theWrongSideIsASessionError(FrameType type) {
        int stream = type.streamRule() == StreamRule.SESSION ? 0 : 7;
        for (Side side : Side.values()) {
            boolean alwaysAllowed = type == FrameType.CLOSE && (side == Side.DIALLER || side == Side.ACCEPTOR);
            if (!type.sender().allows(side) && !alwaysAllowed) {
                byte[] frame = Raw.frame(type.id(), 0, stream, new byte[type.minBytes()]);
                boolean silent = side == Side.DIALLER && type != FrameType.PROOF;
                assertThat(Raw.read(side, frame))
                        .as("%s from %s", type, side)
                        .containsExactly("SESSION_ERROR PROTOCOL" + (silent ? " silent" : ""));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = FrameType.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"CREDIT", "LOG", "USAGE"})
    void p3_3_theWrongKindOfStreamIdIsASessionError(FrameType type) {
        assertThat(type.streamRule()).isNotEqualTo(StreamRule.ANY);
        int stream = type.streamRule() == StreamRule.SESSION ? 7 : 0;
        Side side = type.sender() == Sender.BOTH
                ? Side.SERVER
                : Side.valueOf(type.sender().name());
        List<String> lines = Raw.read(side, Raw.frame(type.id(), 0, stream, new byte[type.minBytes()]));
        boolean silent = type == FrameType.HELLO;
        assertThat(lines).containsExactly("SESSION_ERROR PROTOCOL" + (silent ? " silent" : ""));
    }

    @Test
    void p3_4_unknownTypesAreSkippedWhenTheyMayBe() {
        for (int id = 0; id < 256; id++) {
            if (FrameType.of(id) != null) {
                continue;
            }
            for (Side side : new Side[] {Side.REQUESTER, Side.SERVER}) {
                byte[] frame = Raw.frame(id, 0xFF, -1, new byte[] {1, 2, 3});
                if ((id & 0x80) != 0) {
                    assertThat(Raw.readAndGoOn(side, frame))
                            .containsExactly("UNKNOWN " + Integer.toHexString(id) + " 3");
                } else {
                    assertThat(Raw.read(side, frame)).as("0x%02x", id).containsExactly("SESSION_ERROR UNSUPPORTED");
                }
            }
        }
    }

    @Test
    void p3_4_nothingUnknownIsSkippedDuringTheHandshake() {
        byte[] frame = Raw.frame(0xE0, 0, 0, NOTHING);
        assertThat(Raw.read(Side.ACCEPTOR, frame)).containsExactly("SESSION_ERROR PROTOCOL");
        assertThat(Raw.read(Side.DIALLER, frame)).containsExactly("SESSION_ERROR PROTOCOL silent");
    }

    static List<Golden> goldens() {
        return Golden.all();
    }

    /** Frames whose payload is parsed. */
    static List<Golden> parsedGoldens() {
        return Golden.all().stream()
                .filter(golden -> {
                    FrameType type = FrameType.of(golden.typeId());
                    return type != null && !type.body();
                })
                .collect(Collectors.toList());
    }

    /** The same but LOG, whose message goes to the end of the payload. */
    static List<Golden> endedGoldens() {
        return parsedGoldens().stream()
                .filter(golden -> golden.typeId() != FrameType.LOG.id())
                .collect(Collectors.toList());
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void p3_5_flagBitsWithoutAMeaningAreIgnored(Golden golden) {
        byte[] octets = golden.octets().clone();
        octets[4] |= (byte) 0xFE;
        assertThat(Raw.read(golden.sender(), octets)).isEqualTo(golden.expected());
    }

    @ParameterizedTest
    @EnumSource(FrameType.class)
    void p2_3_aLengthOutsideTheTypesRangeIsMalformedInItsScope(FrameType type) {
        Side side = type.sender() == Sender.BOTH
                ? Side.SERVER
                : Side.valueOf(type.sender().name());
        int[] lengths = {type.minBytes() - 1, type.maxBytes() + 1};
        for (int length : lengths) {
            boolean tooLong = side == Side.DIALLER || side == Side.ACCEPTOR ? length > 4096 : length > 131_072;
            if (length < 0 || tooLong) {
                continue;
            }
            if (type.streamRule() != StreamRule.SESSION) {
                assertThat(Raw.readAndGoOn(side, Raw.frame(type.id(), 0, 7, new byte[length])))
                        .containsExactly("STREAM_ERROR 7 " + type + " MALFORMED");
            }
            if (type.streamRule() != StreamRule.STREAM) {
                boolean silent = type == FrameType.HELLO;
                assertThat(Raw.read(side, Raw.frame(type.id(), 0, 0, new byte[length])))
                        .containsExactly("SESSION_ERROR MALFORMED" + (silent ? " silent" : ""));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("parsedGoldens")
    void p2_2_aPayloadCutShortIsMalformedInItsScope(Golden golden) {
        FrameType type = FrameType.of(golden.typeId());
        byte[] payload = golden.payload();
        int stream = ByteBuffer.wrap(golden.octets()).getInt(5);
        for (int length = type.minBytes(); length < payload.length; length++) {
            byte[] cut = Arrays.copyOf(payload, length);
            List<String> lines = Raw.read(golden.sender(), Raw.frame(type.id(), golden.octets()[4], stream, cut));
            // A cut at the beginning of an extension, or in text without a length, leaves a payload that is complete.
            String scope =
                    stream == 0 ? "SESSION_ERROR MALFORMED" : "STREAM_ERROR " + stream + " " + type + " MALFORMED";
            assertThat(lines).hasSize(1);
            if (!lines.get(0).equals(scope)) {
                assertThat(lines.get(0))
                        .as("cut to %d", length)
                        .startsWith(golden.expected().get(0).split(" ")[0]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("endedGoldens")
    void p2_2_anOctetTooManyIsMalformedInItsScope(Golden golden) {
        FrameType type = FrameType.of(golden.typeId());
        byte[] payload = Arrays.copyOf(golden.payload(), golden.payload().length + 1);
        int stream = ByteBuffer.wrap(golden.octets()).getInt(5);
        String scope = stream == 0 ? "SESSION_ERROR MALFORMED" : "STREAM_ERROR " + stream + " " + type + " MALFORMED";
        assertThat(Raw.read(golden.sender(), Raw.frame(type.id(), golden.octets()[4], stream, payload)))
                .containsExactly(scope);
    }

    @Test
    void p5_9_afterASessionErrorNothingIsReadAgain() throws SessionException {
        EventLog log = new EventLog();
        FrameReader reader = new FrameReader(Side.SERVER, FrameLimits.of(Settings.REQUESTER_DEFAULTS), log);
        assertThatThrownBy(() -> reader.read(ByteBuffer.wrap(Raw.frame(0x7F, 0, 0, NOTHING))))
                .isInstanceOf(SessionException.class);
        assertThatThrownBy(() -> reader.read(ByteBuffer.wrap(Golden.of("ping").octets())))
                .isInstanceOfSatisfying(
                        SessionException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
        assertThat(log.lines).isEmpty();
    }

    @Test
    void p5_9_afterCloseNothingIsRead() throws SessionException {
        EventLog log = new EventLog();
        FrameReader reader = new FrameReader(Side.SERVER, FrameLimits.of(Settings.REQUESTER_DEFAULTS), log);
        ByteBuffer octets = ByteBuffer.wrap(new Raw()
                .bytes(Golden.of("close").octets())
                .bytes(Golden.of("pong").octets())
                .payload());
        reader.read(octets);
        reader.read(ByteBuffer.wrap(Golden.of("pong").octets()));
        assertThat(log.lines).containsExactly("CLOSE NONE 0 \"\"");
        assertThat(octets.hasRemaining()).isFalse();
        assertThat(reader.closed()).isTrue();
    }

    @Test
    void p7_2_anIncrementIsOneToTwoToThe31MinusOne() {
        for (long increment : new long[] {0, 0x8000_0000L, 0xFFFF_FFFFL}) {
            byte[] payload = new Raw().u32(increment).payload();
            assertThat(Raw.readAndGoOn(Side.REQUESTER, Raw.frame(FrameType.CREDIT.id(), 0, 7, payload)))
                    .containsExactly("STREAM_ERROR 7 CREDIT MALFORMED");
            assertThat(Raw.read(Side.SERVER, Raw.frame(FrameType.CREDIT.id(), 0, 0, payload)))
                    .containsExactly("SESSION_ERROR MALFORMED");
        }
    }

    @Test
    void numbersOutsideTheListedValuesAreMalformed() {
        byte[] health = Golden.of("health-empty").payload();
        health[12] = 4;
        assertSessionMalformed(Side.SERVER, FrameType.HEALTH, health);
        byte[] drain = Golden.of("drain").payload();
        drain[0] = 2;
        assertSessionMalformed(Side.SERVER, FrameType.DRAIN, drain);
        assertSessionMalformed(
                Side.SERVER,
                FrameType.DRAIN,
                new Raw().u8(1).u16(1).u32(0).u16(0).payload());
        assertSessionMalformed(
                Side.SERVER,
                FrameType.DRAIN,
                new Raw().u8(0).u16(1).u32(0).bytes16("/x").payload());
        assertSessionMalformed(
                Side.REQUESTER, FrameType.ASK, new Raw().u8(3).u32(0).payload());
        assertSessionMalformed(
                Side.REQUESTER, FrameType.ASK, new Raw().u8(0).u32(0).payload());
        for (int level : new int[] {0, 6}) {
            byte[] log = new Raw().u64(0).u8(level).u32(0).bytes8("").payload();
            assertSessionMalformed(Side.SERVER, FrameType.LOG, log);
        }
    }

    @Test
    void textIsWellFormedUtf8WithoutNul() {
        for (String text : new String[] {"a\0", "\u00ff", "\u00c3", "\u00ed\u00a0\u0080", "\u00f5\u0080\u0080\u0080"}) {
            byte[] payload = new Raw().u16(0).bytes8(text).payload();
            assertSessionMalformed(Side.SERVER, FrameType.CLOSE, payload);
            assertThat(Raw.readAndGoOn(Side.SERVER, Raw.frame(FrameType.CANCEL.id(), 0, 7, payload)))
                    .containsExactly("STREAM_ERROR 7 CANCEL MALFORMED");
        }
    }

    @Test
    void aU64IsBelowTwoToThe63() {
        byte[] payload = Golden.of("usage-stream").payload();
        payload[5] = (byte) 0x80;
        assertThat(Raw.readAndGoOn(Side.SERVER, Raw.frame(FrameType.USAGE.id(), 0, 7, payload)))
                .containsExactly("STREAM_ERROR 7 USAGE MALFORMED");
    }

    @Test
    void bodiesArriveInSlicesAndAreNeverGathered() throws SessionException {
        byte[] octets = new byte[100_000];
        byte[] frame = Raw.frame(FrameType.RESPONSE_BODY.id(), 0, 7, octets);
        EventLog log = new EventLog();
        FrameReader reader = new FrameReader(Side.SERVER, FrameLimits.of(Settings.REQUESTER_DEFAULTS), log);
        for (int at = 0; at < frame.length; at += 333) {
            reader.read(ByteBuffer.wrap(frame, at, Math.min(333, frame.length - at)));
        }
        assertThat(log.lines).containsExactly("RESPONSE_BODY 7 " + "00".repeat(octets.length));
    }

    private static void assertSessionMalformed(Side side, FrameType type, byte[] payload) {
        assertThat(Raw.read(side, Raw.frame(type.id(), 0, 0, payload)))
                .as(type.name())
                .containsExactly("SESSION_ERROR MALFORMED");
    }
}
