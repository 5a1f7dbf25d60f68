/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

/** What was written is read again, over a cross product of values and in random portions. */
class RoundTripTest {

    private static final String TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    @Property(tries = 400)
    void requestHeads(
            @ForAll("methods") String method,
            @ForAll boolean https,
            @ForAll("protocols") int protocol,
            @ForAll @IntRange(max = 255) int hops,
            @ForAll @LongRange(min = -1) long contentLength,
            @ForAll @LongRange(max = 0xFFFF_FFFFL) long deadline,
            @ForAll @Size(16) byte[] id,
            @ForAll("targets") String target,
            @ForAll("addresses") byte[] remote,
            @ForAll @IntRange(max = 65_535) int port,
            @ForAll("fieldLists") List<String[]> fields,
            @ForAll long seed)
            throws Exception {
        HeadWriter head = new HeadWriter()
                .request(
                        method,
                        https ? "https" : "http",
                        protocol,
                        hops,
                        contentLength,
                        deadline,
                        id,
                        target,
                        "shop.example",
                        remote.length == 0 ? null : InetAddress.getByAddress(remote),
                        port,
                        null,
                        65_535 - port);
        addBothWays(head, fields, seed);
        head.traceContext("00-a-b-01", "k=v").affinity("r1").extension(0x7123, id);
        List<RequestHead> heads = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.allocate(FrameWriter.HEADER_BYTES + head.length());
        FrameWriter.requestStarted(buffer, 5, head, false);
        read(Side.REQUESTER, buffer.flip(), seed, new QuietEvents() {
            @Override
            public void onRequestStarted(int stream, RequestHead decoded) {
                heads.add(decoded);
            }
        });
        assertThat(heads).hasSize(1);
        RequestHead read = heads.get(0);
        assertThat(read.method()).isEqualTo(method);
        assertThat(read.secure()).isEqualTo(https);
        assertThat(read.scheme()).isEqualTo(https ? "https" : "http");
        assertThat(read.protocol()).isEqualTo(protocol);
        assertThat(read.hops()).isEqualTo(hops);
        assertThat(read.contentLength()).isEqualTo(contentLength);
        assertThat(read.deadlineMillis()).isEqualTo(deadline);
        assertThat(read.requestIdBytes()).isEqualTo(id);
        assertThat(read.targetString()).isEqualTo(target);
        assertThat(read.target()).isEqualTo(target.getBytes(ISO_8859_1));
        assertThat(read.authority()).isEqualTo("shop.example");
        assertThat(read.remote()).isEqualTo(remote.length == 0 ? null : InetAddress.getByAddress(remote));
        assertThat(read.remotePort()).isEqualTo(port);
        assertThat(read.localPort()).isEqualTo(65_535 - port);
        assertFields(read.fields(), fields);
        assertThat(read.traceParent()).isEqualTo("00-a-b-01");
        assertThat(read.traceState()).isEqualTo("k=v");
        assertThat(read.affinity()).isEqualTo("r1");
        assertThat(read.endOfRequest()).isFalse();
    }

    @Property(tries = 100)
    void firstWindowsOfResponses(@ForAll @IntRange(min = 1) int window, @ForAll @IntRange(min = 1) int setting)
            throws Exception {
        HeadWriter head = new HeadWriter()
                .request("GET", "http", 0x11, 1, 0, 0, new byte[16], "/", "a", null, 0, null, 0)
                .field("Accept", "*/*")
                .affinity("r1");
        ByteBuffer buffer =
                ByteBuffer.allocate(FrameWriter.HEADER_BYTES + head.length() + FrameWriter.RESPONSE_WINDOW_BYTES);
        FrameWriter.requestStarted(buffer, 5, head, true, window);
        assertThat(buffer.hasRemaining()).isFalse();
        List<RequestHead> heads = new ArrayList<>();
        read(Side.REQUESTER, buffer.flip(), window, new QuietEvents() {
            @Override
            public void onRequestStarted(int stream, RequestHead decoded) {
                heads.add(decoded);
            }
        });
        assertThat(heads).hasSize(1);
        assertThat(heads.get(0).endOfRequest()).isTrue();
        assertThat(heads.get(0).affinity()).isEqualTo("r1");
        assertThat(heads.get(0).responseWindowBytes(setting)).isEqualTo(Math.min(window, setting));
    }

    @Property(tries = 300)
    void responses(
            @ForAll @IntRange(min = 200, max = 599) int status,
            @ForAll @LongRange(min = -1) long contentLength,
            @ForAll("fieldLists") List<String[]> fields,
            @ForAll("usages") Usage usage,
            @ForAll boolean moreWork,
            @ForAll @Size(max = 3000) byte[] body,
            @ForAll long seed)
            throws Exception {
        HeadWriter head = new HeadWriter();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        FrameWriter.responseStarted(buffer, 5, addBothWays(head.response(status, contentLength), fields, seed));
        FrameWriter.body(buffer, FrameType.RESPONSE_BODY, 5, ByteBuffer.wrap(body));
        int before = buffer.position();
        HeadWriter trailers = head.trailers().field("X-Sum", "1");
        FrameWriter.responseEnd(buffer, 5, trailers, usage, moreWork);
        assertThat(buffer.position() - before).isEqualTo(FrameWriter.responseEndBytes(trailers, usage));
        List<ResponseHead> heads = new ArrayList<>();
        EventLog log = new EventLog();
        byte[] written = new byte[buffer.position()];
        buffer.flip().get(written);
        read(Side.SERVER, ByteBuffer.wrap(written), seed, log);
        read(Side.SERVER, ByteBuffer.wrap(written), ~seed, new QuietEvents() {
            @Override
            public void onResponseStarted(int stream, ResponseHead decoded) {
                heads.add(decoded);
            }
        });
        assertThat(heads.get(0).status()).isEqualTo(status);
        assertThat(heads.get(0).contentLength()).isEqualTo(contentLength);
        assertFields(heads.get(0).fields(), fields);
        assertThat(log.lines).hasSize(3);
        assertThat(log.lines.get(1))
                .isEqualTo("RESPONSE_BODY 5 " + HexFormat.of().formatHex(body));
        assertThat(log.lines.get(2))
                .isEqualTo("RESPONSE_END 5 [0 X-Sum=1]"
                        + (usage == null
                                ? ""
                                : " usage " + usage.flags() + " " + usage.activeCpuNanos() + " "
                                        + usage.apportionedCpuNanos() + " " + usage.wallNanos() + " "
                                        + usage.allocatedBytes())
                        + (moreWork ? " MORE_WORK" : ""));
    }

    @Property(tries = 300)
    void textsOfAnyKindAndTheRoomTheyNeed(
            @ForAll String text, @ForAll @IntRange(max = 20) int repeat, @ForAll("usages") Usage usage)
            throws Exception {
        String detail = text.repeat(repeat);
        ByteBuffer buffer = ByteBuffer.allocate(1 << 18);
        FrameWriter.cancel(buffer, 5, ErrorCode.INTERNAL, detail, usage, false);
        assertThat(buffer.position()).isLessThanOrEqualTo(FrameWriter.MAX_CANCEL_BYTES);
        int start = buffer.position();
        FrameWriter.close(buffer, Close.of(ErrorCode.INTERNAL, detail));
        assertThat(buffer.position() - start).isLessThanOrEqualTo(FrameWriter.MAX_CLOSE_BYTES);
        LogLine line = new LogLine(1, LogLine.INFO, 0, detail, detail.repeat(40));
        ByteBuffer logged = ByteBuffer.allocate(FrameWriter.maxLogBytes(line));
        FrameWriter.log(logged, 5, line);
        EventLog log = new EventLog();
        read(Side.SERVER, logged.flip(), 1, log);
        read(Side.SERVER, buffer.flip(), 1, log);
        assertThat(log.lines).hasSize(3);
        // A surrogate without its other half has no UTF-8; the JDK writes a question mark.
        String sent = new String(detail.replace('\0', ' ').getBytes("UTF-8"), "UTF-8");
        String shown = log.lines.get(1).substring("CANCEL 5 INTERNAL 16 \"".length());
        assertThat(sent).startsWith(shown.substring(0, shown.lastIndexOf('"')));
    }

    @Property(tries = 200)
    void healthAndDrain(
            @ForAll @Size(max = 20) List<@StringLength(max = 60) String> names,
            @ForAll @LongRange(max = 0xFFFF_FFFFL) long value,
            @ForAll Health.State state,
            @ForAll Health.Status status)
            throws Exception {
        List<Health.Signal> signals = new ArrayList<>();
        for (String name : names) {
            String clean = new String(name.replace('\0', '-').getBytes("UTF-8"), "UTF-8");
            signals.add(new Health.Signal(clean, status, (int) (value & 0xFFFF), value));
        }
        Health health = new Health(value, value * 1000, state, (int) (value >>> 1), 7, (int) (value & 0xFFFF), signals);
        ByteBuffer buffer = ByteBuffer.allocate(FrameWriter.maxHealthBytes(health));
        FrameWriter.health(buffer, health);
        List<Health> read = new ArrayList<>();
        read(Side.SERVER, buffer.flip(), value, new QuietEvents() {
            @Override
            public void onHealth(Health decoded) {
                read.add(decoded);
            }
        });
        assertThat(read).containsExactly(health);

        Drain drain = new Drain((int) (value & 0xFFFF), value, "/p\u00e4th", List.of("tcp://h:" + value, "tls://x:1"));
        ByteBuffer drained = ByteBuffer.allocate(FrameWriter.maxDrainBytes(drain));
        FrameWriter.drain(drained, drain);
        List<Drain> drains = new ArrayList<>();
        read(Side.REQUESTER, drained.flip(), value, new QuietEvents() {
            @Override
            public void onDrain(Drain decoded) {
                drains.add(decoded);
            }
        });
        assertThat(drains).containsExactly(drain);
    }

    @Provide
    Arbitrary<String> methods() {
        return Arbitraries.oneOf(
                Arbitraries.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"),
                Arbitraries.strings()
                        .withChars(TOKEN.toCharArray())
                        .ofMinLength(1)
                        .ofMaxLength(255));
    }

    @Provide
    Arbitrary<Integer> protocols() {
        return Arbitraries.of(0x10, 0x11, 0x20, 0x30);
    }

    @Provide
    Arbitrary<String> targets() {
        Arbitrary<String> path = Arbitraries.strings()
                .withCharRange('\u0021', '\u007e')
                .withCharRange('\u0080', '\u00ff')
                .ofMaxLength(300)
                .map(rest -> "/" + rest);
        return Arbitraries.oneOf(path, Arbitraries.just("*"));
    }

    @Provide
    Arbitrary<byte[]> addresses() {
        return Arbitraries.of(0, 4, 16).flatMap(size -> Arbitraries.bytes()
                .array(byte[].class)
                .ofSize(size)
                // An IPv4-mapped address is an IPv4 address to the JDK.
                .filter(octets -> octets.length != 16 || octets[0] != 0));
    }

    @Provide
    Arbitrary<List<String[]>> fieldLists() {
        Arbitrary<String> literals = Arbitraries.strings()
                .withChars(TOKEN.toCharArray())
                .ofMinLength(1)
                .ofMaxLength(40)
                .filter(name -> !HeadWriter.isForbidden(name) && HeaderTable.indexOf(name) == 0);
        Arbitrary<String> indexed = Arbitraries.integers()
                .between(1, HeaderTable.SIZE - 1)
                .filter(index -> index != HeaderTable.TE)
                .map(HeaderTable::name);
        Arbitrary<String> values = Arbitraries.strings()
                .withCharRange('\u0021', '\u007e')
                .withChars(' ', '\t')
                .withCharRange('\u0080', '\u00ff')
                .ofMaxLength(80)
                .map(String::strip);
        return Combinators.combine(Arbitraries.oneOf(literals, indexed), values)
                .as((name, value) -> new String[] {name, value})
                .list()
                .ofMaxSize(30);
    }

    @Provide
    Arbitrary<Usage> usages() {
        Arbitrary<Long> number = Arbitraries.longs().greaterOrEqual(0);
        return Combinators.combine(Arbitraries.integers().between(0, 255), number, number, number, number)
                .as(Usage::new)
                .injectNull(0.2);
    }

    private static HeadWriter addBothWays(HeadWriter head, List<String[]> fields, long seed) {
        Random random = new Random(seed);
        for (String[] field : fields) {
            if (random.nextBoolean()) {
                head.field(field[0], field[1]);
            } else {
                byte[] name = field[0].getBytes(ISO_8859_1);
                byte[] value = field[1].getBytes(ISO_8859_1);
                head.field(name, 0, name.length, value, 0, value.length);
            }
        }
        return head;
    }

    private static void assertFields(Fields read, List<String[]> expected) {
        List<String> actual = new ArrayList<>();
        Fields.Cursor cursor = read.cursor();
        while (cursor.next()) {
            actual.add(cursor.name() + "=" + cursor.value());
            assertThat(cursor.is(cursor.name())).isTrue();
            assertThat(cursor.valueBytes()).isEqualTo(cursor.value().getBytes(ISO_8859_1));
        }
        List<String> wanted = new ArrayList<>();
        for (String[] field : expected) {
            wanted.add(field[0] + "=" + field[1]);
        }
        assertThat(actual).isEqualTo(wanted);
        assertThat(read.size()).isEqualTo(wanted.size());
    }

    private static void read(Side peer, ByteBuffer octets, long seed, FrameEvents events) throws SessionException {
        FrameReader reader = new FrameReader(peer, new FrameLimits(1 << 20, 1 << 20), events);
        Random random = new Random(seed);
        while (octets.hasRemaining()) {
            int portion = Math.min(octets.remaining(), 1 + random.nextInt(random.nextBoolean() ? 8 : 4000));
            ByteBuffer part = octets.duplicate().limit(octets.position() + portion);
            reader.read(part);
            octets.position(octets.position() + portion);
        }
        assertThat(reader.atFrameBoundary()).isTrue();
    }
}
