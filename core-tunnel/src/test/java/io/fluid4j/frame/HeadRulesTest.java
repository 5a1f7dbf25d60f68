/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PROTOCOL.md P-2.1, P-5.20 to P-5.22, section 6 and section 10, as a reader enforces them. */
class HeadRulesTest {

    private static final String REQUEST_MALFORMED = "STREAM_ERROR 9 REQUEST_STARTED MALFORMED";
    private static final String RESPONSE_MALFORMED = "STREAM_ERROR 7 RESPONSE_STARTED MALFORMED";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection",
                "Content-Length",
                "Host",
                "Keep-Alive",
                "Proxy-Connection",
                "Transfer-Encoding",
                "Upgrade"
            })
    void p6_2_framingNamesNeverOccur(String name) {
        for (String spelled : List.of(name, name.toLowerCase(Locale.ROOT), name.toUpperCase(Locale.ROOT))) {
            assertThat(request(Raw.request().u16(1).field(spelled, "x"))).containsExactly(REQUEST_MALFORMED);
            assertThat(requestEnd(new Raw().u16(1).field(spelled, "x")))
                    .containsExactly("STREAM_ERROR 7 REQUEST_END MALFORMED");
            assertThat(responseEnd(new Raw().u16(1).field(spelled, "x")))
                    .containsExactly("STREAM_ERROR 7 RESPONSE_END MALFORMED");
            List<String> response = response(Raw.response(200).u16(1).field(spelled, "x"));
            if (name.equals("Host")) {
                assertThat(response).containsExactly("RESPONSE_STARTED 7 200 length -1 [0 " + spelled + "=x]");
            } else {
                assertThat(response).containsExactly(RESPONSE_MALFORMED);
            }
        }
    }

    @Test
    void p6_2_teIsTrailersOnly() {
        assertThat(request(Raw.request().u16(1).field(62, "trailers")).get(0)).contains("[62 TE=trailers]");
        assertThat(request(Raw.request().u16(1).field("te", "Trailers")).get(0)).contains("[0 te=Trailers]");
        for (String value : List.of("", "gzip", "trailers, gzip", "trailers;q=1", "trailer")) {
            assertThat(request(Raw.request().u16(1).field(62, value))).containsExactly(REQUEST_MALFORMED);
            assertThat(request(Raw.request().u16(1).field("Te", value))).containsExactly(REQUEST_MALFORMED);
        }
    }

    @Test
    void p6_3_namesAreTokens() {
        for (int octet = 0; octet < 256; octet++) {
            boolean token = "!#$%&'*+-.^_`|~".indexOf(octet) >= 0 || (octet < 128 && Character.isLetterOrDigit(octet));
            String name = "x" + (char) octet + "y";
            List<String> lines = request(Raw.request().u16(1).field(name, "v"));
            if (token) {
                assertThat(lines).as("octet %02x", octet).hasSize(1);
                assertThat(lines.get(0)).contains("[0 " + name + "=v]");
            } else {
                assertThat(lines).as("octet %02x", octet).containsExactly(REQUEST_MALFORMED);
            }
        }
        assertThat(request(Raw.request().u16(1).field("", "v"))).containsExactly(REQUEST_MALFORMED);
        String longest = "n".repeat(255);
        assertThat(request(Raw.request().u16(1).field(longest, "v")).get(0)).contains(longest + "=v");
    }

    @Test
    void p6_3_valuesHoldNoControls() {
        for (int octet = 0; octet < 256; octet++) {
            boolean allowed = octet == '\t' || (octet >= 0x20 && octet != 0x7F);
            List<String> inside = request(Raw.request().u16(1).field(67, "a" + (char) octet + "b"));
            assertThat(inside.get(0).startsWith("REQUEST_STARTED"))
                    .as("octet %02x", octet)
                    .isEqualTo(allowed);
            boolean atTheEnds = allowed && octet != ' ' && octet != '\t';
            assertThat(request(Raw.request().u16(1).field(67, (char) octet + "b"))
                            .get(0)
                            .startsWith("REQUEST_STARTED"))
                    .isEqualTo(atTheEnds);
            assertThat(request(Raw.request().u16(1).field(67, "b" + (char) octet))
                            .get(0)
                            .startsWith("REQUEST_STARTED"))
                    .isEqualTo(atTheEnds);
        }
    }

    @Test
    void p6_3_targets() {
        for (int octet = 0; octet < 256; octet++) {
            boolean allowed = octet > 0x20 && octet != 0x7F;
            assertThat(request(Raw.request("/a" + (char) octet, "").u16(0))
                            .get(0)
                            .startsWith("REQUEST_STARTED"))
                    .as("octet %02x", octet)
                    .isEqualTo(allowed);
        }
        assertThat(request(Raw.request("*", "").u16(0)).get(0)).contains("target * ");
        for (String target : List.of("", "a", "**", "*/", "http://a/", "?x")) {
            assertThat(request(Raw.request(target, "").u16(0).u16(0).u16(0)))
                    .as(target)
                    .containsExactly(REQUEST_MALFORMED);
        }
    }

    @Test
    void p6_3_authorities() {
        for (int octet = 0; octet < 256; octet++) {
            boolean allowed = octet > 0x20 && octet < 0x7F && "@/?#".indexOf(octet) < 0;
            assertThat(request(Raw.request("/", "a" + (char) octet).u16(0))
                            .get(0)
                            .startsWith("REQUEST_STARTED"))
                    .as("octet %02x", octet)
                    .isEqualTo(allowed);
        }
        assertThat(request(Raw.request("/", "[2001:db8::1]:8080").u16(0)).get(0))
                .contains("[2001:db8::1]:8080");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization",
                "Cache-Control",
                "Content-Encoding",
                "Content-Range",
                "Content-Type",
                "Cookie",
                "Expect",
                "Host",
                "Location",
                "Max-Forwards",
                "Range",
                "Set-Cookie",
                "TE",
                "Trailer"
            })
    void p6_4_namesThatAreNoTrailers(String name) {
        int index = HeaderTable.indexOf(name);
        List<Raw> wrong = new ArrayList<>();
        wrong.add(new Raw().u16(1).field(name.toLowerCase(Locale.ROOT), "trailers"));
        if (index != 0) {
            wrong.add(new Raw().u16(1).field(index, "trailers"));
        }
        for (Raw trailers : wrong) {
            assertThat(requestEnd(trailers)).containsExactly("STREAM_ERROR 7 REQUEST_END MALFORMED");
            assertThat(responseEnd(trailers)).containsExactly("STREAM_ERROR 7 RESPONSE_END MALFORMED");
        }
    }

    @Test
    void p6_1_aHeadHas256FieldsAtMost() {
        Raw most = Raw.response(200).u16(256);
        Raw tooMany = Raw.response(200).u16(257);
        for (int i = 0; i < 257; i++) {
            tooMany.field(81, "v");
            if (i < 256) {
                most.field(81, "v");
            }
        }
        assertThat(response(most).get(0)).startsWith("RESPONSE_STARTED 7 200");
        assertThat(response(tooMany)).containsExactly("STREAM_ERROR 7 RESPONSE_STARTED HEAD_TOO_LARGE");
    }

    @Test
    void p6_1_aHeadIsNoLongerThanTheReceiverTakes() {
        int limit = Settings.DEFAULT_MAX_HEAD_BYTES;
        for (FrameType type : List.of(FrameType.RESPONSE_STARTED, FrameType.RESPONSE_END)) {
            assertThat(Raw.readAndGoOn(Side.SERVER, Raw.frame(type.id(), 0, 7, new byte[limit + 1])))
                    .containsExactly("STREAM_ERROR 7 " + type + " HEAD_TOO_LARGE");
        }
        byte[] longest = Raw.response(200)
                .u16(2)
                .field(78, "x".repeat(65_535))
                .field(79, "y".repeat(limit - ResponseHead.MIN_BYTES - 65_535 - 6))
                .payload();
        assertThat(longest).hasSize(limit);
        assertThat(Raw.read(Side.SERVER, Raw.frame(FrameType.RESPONSE_STARTED.id(), 0, 7, longest))
                        .get(0))
                .startsWith("RESPONSE_STARTED 7 200");
    }

    @Test
    void p10_1_anIndexWithoutAnEntryIsMalformed() {
        for (int index = 1; index < 256; index++) {
            List<String> lines = request(Raw.request().u16(1).field(index, "trailers"));
            assertThat(lines.get(0).startsWith("REQUEST_STARTED"))
                    .as("index %d", index)
                    .isEqualTo(index <= 81);
        }
    }

    @Test
    void p5_20_typedItemsHaveListedValues() {
        byte[] head = Raw.request().u16(0).payload();
        assertItem(head, 0, 10);
        assertItem(head, 1, 0);
        assertItem(head, 1, 3);
        assertItem(head, 2, 0x12);
        // Content length -2, and 5 with END.
        byte[] negative = head.clone();
        negative[11] = (byte) 0xFE;
        assertThat(Raw.readAndGoOn(Side.REQUESTER, Raw.frame(FrameType.REQUEST_STARTED.id(), 0, 9, negative)))
                .containsExactly(REQUEST_MALFORMED);
        byte[] five = head.clone();
        System.arraycopy(new byte[] {0, 0, 0, 0, 0, 0, 0, 5}, 0, five, 4, 8);
        assertThat(Raw.readAndGoOn(Side.REQUESTER, Raw.frame(FrameType.REQUEST_STARTED.id(), 1, 9, five)))
                .containsExactly("STREAM_ERROR 9 REQUEST_STARTED LENGTH");
        assertThat(Raw.readAndGoOn(Side.REQUESTER, Raw.frame(FrameType.REQUEST_STARTED.id(), 0, 9, five))
                        .get(0))
                .contains(" length 5 ");
        // The family of the remote address.
        assertItem(head, 37, 5);
    }

    @Test
    void p5_20_aLiteralMethodIsAToken() {
        for (String method : List.of("", "GE T", "GET\r", "G\u00e9T")) {
            Raw raw = new Raw().u8(0).bytes8(method);
            raw.bytes(Arrays.copyOfRange(Raw.request().u16(0).payload(), 1, 45));
            assertThat(request(raw)).containsExactly(REQUEST_MALFORMED);
        }
    }

    @Test
    void p5_21_statusCodesFitTheirFrame() {
        for (int status = 0; status < 1000; status++) {
            byte[] payload = Raw.response(status).u16(0).payload();
            boolean isFinal = status == 101 || (status >= 200 && status <= 599);
            assertThat(Raw.read(Side.SERVER, Raw.frame(FrameType.RESPONSE_STARTED.id(), 0, 7, payload))
                            .get(0)
                            .startsWith("RESPONSE_STARTED"))
                    .as("status %d", status)
                    .isEqualTo(isFinal);
            boolean interim = status >= 100 && status <= 199 && status != 101;
            assertThat(Raw.read(Side.SERVER, Raw.frame(FrameType.RESPONSE_INTERIM.id(), 0, 7, payload))
                            .get(0)
                            .startsWith("RESPONSE_INTERIM"))
                    .as("status %d", status)
                    .isEqualTo(interim);
        }
        byte[] withLength = new Raw().u16(103).u64(0).u16(0).payload();
        assertThat(Raw.read(Side.SERVER, Raw.frame(FrameType.RESPONSE_INTERIM.id(), 0, 7, withLength)))
                .containsExactly("STREAM_ERROR 7 RESPONSE_INTERIM MALFORMED");
    }

    @Test
    void p2_1_unknownExtensionsAreSkippedUnlessCritical() {
        assertThat(request(Raw.request().u16(0).extension(0x7FFF, (byte) 1).extension(0x0999))
                        .get(0))
                .startsWith("REQUEST_STARTED 9");
        assertThat(request(Raw.request().u16(0).extension(0x8000)))
                .containsExactly("STREAM_ERROR 9 REQUEST_STARTED UNSUPPORTED");
        byte[] close = new Raw().u16(0).u8(0).extension(0x8001, (byte) 1).payload();
        assertThat(Raw.read(Side.SERVER, Raw.frame(FrameType.CLOSE.id(), 0, 0, close)))
                .containsExactly("SESSION_ERROR UNSUPPORTED");
        // Known, but not in this frame: skipped.
        assertThat(request(Raw.request().u16(0).extension(0x0001, (byte) 'i')).get(0))
                .startsWith("REQUEST_STARTED 9");
    }

    @Test
    void p2_1_anExtensionComesOnce() {
        assertThat(request(Raw.request()
                        .u16(0)
                        .extension(0x7001)
                        .extension(0x7002, (byte) 1)
                        .extension(0x7001, (byte) 2)))
                .containsExactly(REQUEST_MALFORMED);
        assertThat(request(Raw.request()
                        .u16(0)
                        .extension(0x0104, (byte) 1, (byte) 'a')
                        .extension(0x0104, (byte) 1, (byte) 'b')))
                .containsExactly(REQUEST_MALFORMED);
    }

    @Test
    void p2_1_thereAre64ExtensionsAtMost() {
        Raw most = Raw.request().u16(0);
        Raw tooMany = Raw.request().u16(0);
        for (int i = 0; i < 65; i++) {
            tooMany.extension(0x1000 + i);
            if (i < 64) {
                most.extension(0x1000 + i);
            }
        }
        assertThat(request(most).get(0)).startsWith("REQUEST_STARTED 9");
        assertThat(request(tooMany)).containsExactly(REQUEST_MALFORMED);
    }

    @Test
    void p2_2_theValueOfAnExtensionIsExact() {
        int[] types = {0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0106};
        byte[][] values = {
            {0, 0, 0}, {0, 0, 0, 0, 0}, {1, 0, 1, 9}, {1, 'a'}, {1, 'b'}, {1, 'c'},
        };
        for (int i = 0; i < types.length; i++) {
            byte[] value = values[i];
            assertThat(request(Raw.request().u16(0).extension(types[i], value)).get(0))
                    .startsWith("REQUEST_STARTED 9");
            byte[] tooLong = Arrays.copyOf(value, value.length + 1);
            assertThat(request(Raw.request().u16(0).extension(types[i], tooLong)))
                    .containsExactly(REQUEST_MALFORMED);
            for (int cut = 0; cut < value.length; cut++) {
                byte[] tooShort = Arrays.copyOf(value, cut);
                // What follows must not be taken for the rest of the value.
                assertThat(request(Raw.request()
                                .u16(0)
                                .extension(types[i], tooShort)
                                .extension(0x0999, new byte[40])))
                        .as("extension %04x cut to %d", types[i], cut)
                        .containsExactly(REQUEST_MALFORMED);
            }
        }
    }

    private static void assertItem(byte[] head, int offset, int value) {
        byte[] wrong = head.clone();
        wrong[offset] = (byte) value;
        assertThat(Raw.readAndGoOn(Side.REQUESTER, Raw.frame(FrameType.REQUEST_STARTED.id(), 0, 9, wrong)))
                .as("offset %d value %d", offset, value)
                .containsExactly(REQUEST_MALFORMED);
    }

    private static List<String> request(Raw raw) {
        return Raw.readAndGoOn(Side.REQUESTER, raw.frame(FrameType.REQUEST_STARTED, 9));
    }

    private static List<String> requestEnd(Raw raw) {
        return Raw.readAndGoOn(Side.REQUESTER, raw.frame(FrameType.REQUEST_END, 7));
    }

    private static List<String> response(Raw raw) {
        return Raw.readAndGoOn(Side.SERVER, raw.frame(FrameType.RESPONSE_STARTED, 7));
    }

    private static List<String> responseEnd(Raw raw) {
        return Raw.readAndGoOn(Side.SERVER, raw.frame(FrameType.RESPONSE_END, 7));
    }
}
