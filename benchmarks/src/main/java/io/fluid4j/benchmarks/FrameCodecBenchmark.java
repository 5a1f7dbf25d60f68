/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fluid4j.frame.Fields;
import io.fluid4j.frame.FrameLimits;
import io.fluid4j.frame.FrameReader;
import io.fluid4j.frame.FrameType;
import io.fluid4j.frame.FrameWriter;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.HeaderTable;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.SessionException;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Side;
import io.fluid4j.frame.Usage;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The codec alone: a browser's GET with eleven fields, and its response with eight fields, 1 KiB of body and usage. Run
 * with {@code -prof gc}: {@code gc.alloc.rate.norm} is the garbage per operation.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class FrameCodecBenchmark {

    private static final String[] REQUEST_FIELDS = {
        "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "Accept-Encoding", "gzip, deflate, br, zstd",
        "Accept-Language", "en-GB,en;q=0.5",
        "Cookie", "JSESSIONID=5E2B7E8A0F7D4C0C9B1F6E2A7D3C8B10.tomcat-1; theme=dark",
        "Priority", "u=0, i",
        "Referer", "https://shop.example/catalogue?page=2",
        "Sec-Fetch-Dest", "document",
        "Sec-Fetch-Mode", "navigate",
        "Upgrade-Insecure-Requests", "1",
        "User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "X-Tenant", "blue"
    };

    private static final String[] RESPONSE_FIELDS = {
        "Cache-Control", "private, max-age=0",
        "Content-Language", "en-GB",
        "Content-Type", "text/html;charset=utf-8",
        "Date", "Mon, 23 Nov 2026 12:00:00 GMT",
        "ETag", "\"5d41402abc4b2a76\"",
        "Set-Cookie", "theme=dark; Path=/; HttpOnly; SameSite=Lax",
        "Vary", "Accept-Encoding",
        "X-Shop", "42"
    };

    private final HeadWriter head = new HeadWriter();
    private final ByteBuffer out = ByteBuffer.allocateDirect(65_536);
    private final byte[] requestId = HexFormat.of().parseHex("00112233445566778899aabbccddeeff");
    private final byte[] target = "/catalogue/shoes/42?colour=red&size=43".getBytes(US_ASCII);
    private final ByteBuffer body = ByteBuffer.allocateDirect(1024);
    private final Usage usage = new Usage(Usage.COMPLETE, 850_000, 12_000, 1_300_000, 48_640);
    private final Sink sink = new Sink();

    private ByteBuffer request = ByteBuffer.allocate(0);
    private ByteBuffer response = ByteBuffer.allocate(0);
    private FrameReader responses = new FrameReader(Side.SERVER, FrameLimits.of(Settings.REQUESTER_DEFAULTS), sink);
    private FrameReader requests = newRequestReader();
    private @Nullable InetAddress remote;
    private @Nullable InetAddress local;
    private int stream;

    /** Encodes what the decoding benchmarks read. */
    @Setup
    public void encodeInputs() throws UnknownHostException {
        remote = InetAddress.getByName("192.0.2.10");
        local = InetAddress.getByName("10.0.0.7");
        request = copy(encodeRequest());
        response = copy(encodeResponse());
    }

    /** A request head from Strings to the tunnel's buffer, with trace context. */
    @Benchmark
    public ByteBuffer encodeRequest() {
        head.request("GET", "https", 0x20, 1, -1, 0, requestId, target, "shop.example", remote, 50_123, local, 443);
        for (int i = 0; i < REQUEST_FIELDS.length; i += 2) {
            head.field(REQUEST_FIELDS[i], REQUEST_FIELDS[i + 1]);
        }
        head.routersPassed("router-1.example");
        FrameWriter.requestStarted(out.clear(), 1, head, true);
        return out;
    }

    /** A whole small response to the tunnel's buffer: head, 1 KiB of body, end with usage. */
    @Benchmark
    public ByteBuffer encodeResponse() {
        head.response(200, 1024);
        for (int i = 0; i < RESPONSE_FIELDS.length; i += 2) {
            head.field(RESPONSE_FIELDS[i], RESPONSE_FIELDS[i + 1]);
        }
        FrameWriter.responseStarted(out.clear(), 1, head);
        FrameWriter.body(out, FrameType.RESPONSE_BODY, 1, body.clear());
        FrameWriter.responseEnd(out, 1, null, usage, false);
        return out;
    }

    /** A request head from the read buffer, checked; every field walked over, no Strings made. */
    @Benchmark
    public void decodeRequest(Blackhole blackhole) throws SessionException {
        sink.strings = false;
        readRequest(blackhole);
    }

    /** The same with all names, values and items as Strings, as a container wants them at the most. */
    @Benchmark
    public void decodeRequestToStrings(Blackhole blackhole) throws SessionException {
        sink.strings = true;
        readRequest(blackhole);
    }

    /** A whole small response from the read buffer; every field walked over, no Strings made. */
    @Benchmark
    public void decodeResponse(Blackhole blackhole) throws SessionException {
        sink.strings = false;
        sink.blackhole = blackhole;
        responses.read(response.clear());
    }

    /** Eleven names looked up, ten of them found. */
    @Benchmark
    public int lookUpNames() {
        int sum = 0;
        for (int i = 0; i < REQUEST_FIELDS.length; i += 2) {
            sum += HeaderTable.indexOf(REQUEST_FIELDS[i]);
        }
        return sum;
    }

    private void readRequest(Blackhole blackhole) throws SessionException {
        sink.blackhole = blackhole;
        if (++stream == Integer.MAX_VALUE) {
            requests = newRequestReader();
            stream = 1;
        }
        request.clear().putInt(5, stream);
        requests.read(request);
    }

    private FrameReader newRequestReader() {
        return new FrameReader(Side.REQUESTER, FrameLimits.of(Settings.SERVER_DEFAULTS), sink);
    }

    private static ByteBuffer copy(ByteBuffer encoded) {
        ByteBuffer copy = ByteBuffer.allocateDirect(encoded.position());
        copy.put(encoded.flip());
        return copy;
    }

    private static final class Sink extends IgnoredFrames {
        private boolean strings;
        private @Nullable Blackhole blackhole;

        @Override
        public void onRequestStarted(int stream, RequestHead decoded) {
            Blackhole hole = blackhole;
            if (hole != null) {
                hole.consume(decoded.method());
                if (strings) {
                    hole.consume(decoded.requestId());
                    hole.consume(decoded.targetString());
                    hole.consume(decoded.authority());
                    hole.consume(decoded.remote());
                    hole.consume(decoded.routersPassed());
                }
                walk(decoded.fields(), hole);
            }
        }

        @Override
        public void onResponseStarted(int stream, ResponseHead decoded) {
            Blackhole hole = blackhole;
            if (hole != null) {
                hole.consume(decoded.status());
                walk(decoded.fields(), hole);
            }
        }

        @Override
        public void onBody(FrameType type, int stream, ByteBuffer slice, int frameLength, boolean last) {
            Blackhole hole = blackhole;
            if (hole != null) {
                hole.consume(slice.remaining());
            }
        }

        private void walk(Fields fields, Blackhole hole) {
            Fields.Cursor cursor = fields.cursor();
            while (cursor.next()) {
                if (strings) {
                    hole.consume(cursor.name());
                    hole.consume(cursor.value());
                } else {
                    hole.consume(cursor.index());
                    hole.consume(cursor.valueLength());
                }
            }
        }
    }
}
