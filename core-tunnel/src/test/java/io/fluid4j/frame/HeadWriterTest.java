/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the writer refuses, so that it is never sent. */
class HeadWriterTest {

    private static final byte[] ID = new byte[16];

    private final HeadWriter head = new HeadWriter();

    @Test
    void aRefusedFieldLeavesNoTrace() throws SessionException {
        head.response(200, 3).field("X-A", "1");
        for (String[] refused : new String[][] {
            {"Connection", "close"},
            {"transfer-encoding", "chunked"},
            {"X B", "v"},
            {"", "v"},
            {"X-\u0416", "v"},
            {"X-C", "a\r\nSet-Cookie: b"},
            {"X-C", "a\0"},
            {"X-C", "\u20ac"},
            {"Content-Type", "a\nb"},
            {"TE", "gzip"},
            {"n".repeat(256), "v"},
            {"X-C", "v".repeat(65_536)}
        }) {
            String shown = refused[0].length() > 64
                    ? "nnnn"
                    : refused[0].replace(' ', '?').replace('\u0416', '?');
            assertThatThrownBy(() -> head.field(refused[0], refused[1]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("field " + shown);
            byte[] name = refused[0].getBytes(ISO_8859_1);
            byte[] value = refused[1].replace('\u20ac', '\u007f').getBytes(ISO_8859_1);
            if (refused[0].indexOf('\u0416') < 0) {
                assertThatThrownBy(() -> head.field(name, 0, name.length, value, 0, value.length))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
        head.field("X-D", "2");
        assertThat(read()).isEqualTo("RESPONSE_STARTED 7 200 length 3 [0 X-A=1, 0 X-D=2]");
    }

    @Test
    void whiteSpaceAtTheEndsOfAValueIsLeftOut() throws SessionException {
        byte[] octets = "\t v w \t".getBytes(ISO_8859_1);
        head.response(200, -1).field("X-A", " \ta b\t ").field(25, "  ").field(octets, 2, 1, octets, 0, octets.length);
        assertThat(read()).isEqualTo("RESPONSE_STARTED 7 200 length -1 [0 X-A=a b, 25 Content-Type=, 0 v=v w]");
    }

    @Test
    void forbiddenNamesCanBeAskedFor() {
        for (String name : List.of(
                "connection", "CONTENT-LENGTH", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade")) {
            assertThat(HeadWriter.isForbidden(name)).as(name).isTrue();
            assertThat(HeadWriter.isForbiddenInResponse(name)).as(name).isTrue();
            assertThat(HeadWriter.isForbiddenInTrailers(name)).as(name).isTrue();
        }
        assertThat(HeadWriter.isForbidden("Host")).isTrue();
        assertThat(HeadWriter.isForbiddenInResponse("Host")).isFalse();
        assertThat(HeadWriter.isForbiddenInTrailers("Set-Cookie")).isTrue();
        for (String name : List.of("Cookie", "TE", "Keep_Alive", "Upgrades", "X-Own", "", "H\u00f6st")) {
            assertThat(HeadWriter.isForbidden(name)).as(name).isFalse();
        }
        assertThatThrownBy(() -> head.trailers().field("Content-Type", "a")).hasMessageContaining("Content-Type");
        assertThatThrownBy(() -> head.trailers().field(HeaderTable.SET_COOKIE, "a"))
                .hasMessageContaining("Set-Cookie");
    }

    @Test
    void thereAre256FieldsAtMost() {
        head.response(200, -1);
        for (int i = 0; i < 256; i++) {
            head.field("X-A", "v");
        }
        assertThat(head.size()).isEqualTo(256);
        assertThatThrownBy(() -> head.field("X-A", "v")).hasMessageContaining("256");
    }

    @Test
    void partsComeInTheirOrder() {
        assertThatThrownBy(() -> head.field("X-A", "v")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> head.affinity("a")).isInstanceOf(IllegalStateException.class);
        head.response(200, -1).extension(0x7001, new byte[1]);
        assertThatThrownBy(() -> head.field("X-A", "v")).isInstanceOf(IllegalStateException.class);
        head.reset();
        assertThat(head.length()).isZero();
        assertThatThrownBy(() -> head.field("X-A", "v")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void itemsOfARequestAreChecked() {
        assertRefused("method", () -> request("GE T", "http", 0x11, "/", "a"));
        assertRefused("method", () -> request("", "http", 0x11, "/", "a"));
        assertRefused("scheme", () -> request("GET", "ftp", 0x11, "/", "a"));
        assertRefused("protocol", () -> request("GET", "http", 0x12, "/", "a"));
        assertRefused("target", () -> request("GET", "http", 0x11, "", "a"));
        assertRefused("target", () -> request("GET", "http", 0x11, "/a b", "a"));
        assertRefused("target", () -> request("GET", "http", 0x11, "/\u20ac", "a"));
        assertRefused("target", () -> request("GET", "http", 0x11, "http://a/", "a"));
        assertRefused("authority", () -> request("GET", "http", 0x11, "/", "user@a"));
        assertRefused("authority", () -> request("GET", "http", 0x11, "/", "a\u20ac"));
        assertRefused(
                "request id",
                () -> head.request("GET", "http", 0x11, 1, -1, 0, new byte[15], "/", "", null, 0, null, 0));
        assertRefused("port", () -> head.request("GET", "http", 0x11, 1, -1, 0, ID, "/", "", null, 65536, null, 0));
        assertRefused("hops", () -> head.request("GET", "http", 0x11, 256, -1, 0, ID, "/", "", null, 0, null, 0));
        assertRefused(
                "content length", () -> head.request("GET", "http", 0x11, 1, -2, 0, ID, "/", "", null, 0, null, 0));
        assertRefused("status", () -> head.response(99, -1));
        assertRefused("status", () -> head.response(600, -1));
        assertRefused("content length", () -> head.response(103, 0));
    }

    @Test
    void itGrowsAndIsUsedAgain() throws SessionException {
        for (int length : new int[] {60_000, 10, 65_535}) {
            head.response(200, -1).field("X-A", "v".repeat(length));
            assertThat(read()).isEqualTo("RESPONSE_STARTED 7 200 length -1 [0 X-A=" + "v".repeat(length) + "]");
        }
    }

    @Test
    void fieldsAreFoundByNameInAnyCase() {
        Fields fields = Fields.of("Content-Type", "a", "X-Own", "b", "x-own", "c");
        assertThat(fields.size()).isEqualTo(3);
        assertThat(fields.first("content-type")).isEqualTo("a");
        assertThat(fields.first("X-OWN")).isEqualTo("b");
        assertThat(fields.first("X-Other")).isNull();
        assertThat(fields.first("Accept")).isNull();
        assertThat(fields).extracting(Fields.Field::value).containsExactly("a", "b", "c");
        assertThat(fields.toString()).isEqualTo("Fields[Content-Type, X-Own, x-own]");
        assertThat(Fields.of().iterator().hasNext()).isFalse();
        assertThatThrownBy(() -> fields.iterator().remove()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Fields.of("a")).isInstanceOf(IllegalArgumentException.class);
    }

    private void request(String method, String scheme, int protocol, String target, String authority) {
        head.request(method, scheme, protocol, 1, -1, 0, ID, target, authority, null, 0, null, 0);
    }

    private static void assertRefused(String what, Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(what);
    }

    private String read() throws SessionException {
        ByteBuffer buffer = ByteBuffer.allocate(FrameWriter.HEADER_BYTES + head.length());
        FrameWriter.responseStarted(buffer, 7, head);
        EventLog log = new EventLog();
        new FrameReader(Side.SERVER, FrameLimits.of(Settings.REQUESTER_DEFAULTS), log).read(buffer.flip());
        assertThat(log.lines).hasSize(1);
        return log.lines.get(0);
    }
}
