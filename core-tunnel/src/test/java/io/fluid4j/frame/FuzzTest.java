/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.frame;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Whatever comes, the reader gives events, needs more, reports a stream error or throws a SessionException, and nothing
 * else; its memory is bounded by the limits and by what has come. {@code -Dfluid.test.fuzz.seconds=60} sets how long it
 * runs, {@code -Dfluid.test.fuzz.seed=N} repeats one run.
 */
class FuzzTest {

    private static final Duration TIME = Duration.ofSeconds(Long.getLong("fluid.test.fuzz.seconds", 10));
    private static final FrameLimits LIMITS = FrameLimits.of(Settings.SERVER_DEFAULTS);

    /** Beside the payload in flight: objects of one frame and slack of the measurement. */
    private static final long FIXED_BYTES = 65_536;

    /** An empty extension-like item of one or two octets may become an object of some dozens. */
    private static final long BYTES_PER_OCTET = 96;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void nothingButEventsNeedMoreAndProtocolErrors() {
        long seed = Long.getLong("fluid.test.fuzz.seed", System.nanoTime());
        System.out.println("FuzzTest: -Dfluid.test.fuzz.seed=" + seed + " for " + TIME);
        Random random = new Random(seed);
        long end = System.nanoTime() + TIME.toNanos();
        long runs = 0;
        long events = 0;
        long errors = 0;
        do {
            Side peer = Side.values()[random.nextInt(4)];
            byte[] octets = octets(random, peer);
            try {
                int seen = run(peer, octets, random);
                events += Math.max(0, seen);
                errors += seen < 0 ? 1 : 0;
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "seed " + seed + ", run " + runs + ", " + peer + ": "
                                + HexFormat.of().formatHex(octets, 0, Math.min(octets.length, 4096)),
                        e);
            }
            runs++;
        } while (System.nanoTime() - end < 0);
        System.out.println("FuzzTest: " + runs + " inputs, " + events + " events, " + errors + " session errors");
        // A fuzzer whose inputs are all refused at once, or never, tests nothing.
        assertThat(events).isGreaterThan(runs / 4);
        assertThat(errors).isBetween(runs / 50, runs * 49 / 50);
    }

    /** The number of events, or -1 for a session error. The result must not depend on the portions. */
    private int run(Side peer, byte[] octets, Random random) {
        EventLog whole = new EventLog();
        String wholeEnd = feed(peer, octets, octets.length, random, whole);
        EventLog portions = new EventLog();
        String portionsEnd = feed(peer, octets, 1 + random.nextInt(20), random, portions);
        assertThat(portions.lines).isEqualTo(whole.lines);
        assertThat(portionsEnd).isEqualTo(wholeEnd);
        measure(peer, octets);
        return wholeEnd.isEmpty() ? whole.lines.size() : -1;
    }

    private static String feed(Side peer, byte[] octets, int largest, Random random, FrameEvents events) {
        FrameReader reader = reader(peer, events);
        try {
            int at = 0;
            while (at < octets.length) {
                int portion =
                        Math.min(octets.length - at, largest == octets.length ? largest : 1 + random.nextInt(largest));
                reader.read(ByteBuffer.wrap(octets, at, portion));
                at += portion;
            }
            return "";
        } catch (SessionException e) {
            return e.code() + " " + e.silent();
        }
    }

    private void measure(Side peer, byte[] octets) {
        QuietEvents quiet = new QuietEvents();
        FrameReader reader = reader(peer, quiet);
        ByteBuffer buffer = ByteBuffer.wrap(octets);
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            reader.read(buffer);
        } catch (SessionException e) {
            assertThat(e.code()).isNotEqualTo(ErrorCode.NONE);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(allocated)
                .as("allocated for %d octets", octets.length)
                .isLessThan(LIMITS.maxFrameBytes() + FIXED_BYTES + BYTES_PER_OCTET * octets.length);
    }

    private static FrameReader reader(Side peer, FrameEvents events) {
        boolean handshake = peer == Side.DIALLER || peer == Side.ACCEPTOR;
        return new FrameReader(peer, handshake ? FrameLimits.HANDSHAKE : LIMITS, events);
    }

    /** A few frames that this side may send, mutated more or less, or nothing of the kind. */
    private static byte[] octets(Random random, Side peer) {
        List<byte[]> parts = new ArrayList<>();
        int count = 1 + random.nextInt(6);
        if (peer == Side.REQUESTER && random.nextInt(8) != 0) {
            parts.add(Golden.of("request-all").octets());
        }
        List<Golden> goldens = goldens(peer);
        for (int i = 0; i < count; i++) {
            byte[] frame = handshakeInOrder(peer, i, random)
                    ? goldens.get(Math.min(i, goldens.size() - 1)).octets()
                    : goldens.get(random.nextInt(goldens.size())).octets();
            int kind = random.nextInt(10);
            if (kind < 3) {
                parts.add(frame);
            } else if (kind < 8) {
                parts.add(withItsLength(mutated(frame, random), random));
            } else if (kind < 9) {
                parts.add(withRandomPayload(frame, random));
            } else {
                byte[] noise = new byte[random.nextInt(60)];
                random.nextBytes(noise);
                parts.add(noise);
            }
        }
        return joined(parts);
    }

    private static boolean handshakeInOrder(Side peer, int i, Random random) {
        return (peer == Side.DIALLER || peer == Side.ACCEPTOR) && random.nextInt(4) != 0;
    }

    private static List<Golden> goldens(Side peer) {
        List<Golden> own = new ArrayList<>();
        for (Golden golden : Golden.all()) {
            if (golden.sender() == peer) {
                own.add(golden);
            }
        }
        return own;
    }

    private static byte[] mutated(byte[] frame, Random random) {
        byte[] octets = frame.clone();
        int mutations = 1 + random.nextInt(4);
        for (int i = 0; i < mutations; i++) {
            int at = random.nextInt(octets.length);
            // The header is long enough to attract most hits; the payload is where the parsers are.
            if (octets.length > 9 && random.nextInt(5) != 0) {
                at = 9 + random.nextInt(octets.length - 9);
            }
            switch (random.nextInt(6)) {
                case 0 -> octets[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> octets[at] = (byte) random.nextInt(256);
                case 2 -> octets[at] = new byte[] {0, 1, 0x7F, (byte) 0x80, (byte) 0xFF, ' '}[random.nextInt(6)];
                case 3 -> octets = spliced(octets, at, 0, random.nextInt(5), random);
                case 4 -> octets = spliced(octets, at, Math.min(random.nextInt(5), octets.length - at), 0, random);
                default -> {
                    int length = Math.min(octets.length - at, 1 + random.nextInt(16));
                    System.arraycopy(octets, random.nextInt(octets.length - length + 1), octets, at, length);
                }
            }
            if (octets.length == 0) {
                return frame;
            }
        }
        return octets;
    }

    private static byte[] spliced(byte[] octets, int at, int remove, int add, Random random) {
        byte[] added = new byte[add];
        random.nextBytes(added);
        return joined(
                List.of(Arrays.copyOf(octets, at), added, Arrays.copyOfRange(octets, at + remove, octets.length)));
    }

    /** Mostly corrects the length of the frame, so that the mutation reaches the payload's parser. */
    private static byte[] withItsLength(byte[] frame, Random random) {
        if (frame.length >= 9 && random.nextInt(8) != 0) {
            int length = frame.length - 9;
            frame[0] = (byte) (length >>> 16);
            frame[1] = (byte) (length >>> 8);
            frame[2] = (byte) length;
        }
        return frame;
    }

    private static byte[] withRandomPayload(byte[] frame, Random random) {
        byte[] payload = new byte[random.nextInt(random.nextInt(20) == 0 ? 5000 : 120)];
        random.nextBytes(payload);
        byte[] octets = joined(List.of(Arrays.copyOf(frame, 9), payload));
        return withItsLength(octets, random);
    }

    private static byte[] joined(List<byte[]> parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
