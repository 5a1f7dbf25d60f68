/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Asks for SRV records at a fixed rate, whether answers come or not, and prints percentiles of the time from when a query
 * should have left to when its answer was read: {@code DnsLatency PORT FUNCTIONS QUERIES-A-SECOND SECONDS}. Also counts how
 * often a thread that does nothing but look at the clock was kept from it, which is the floor of this machine.
 */
public final class DnsLatency {

    private static final int IDS = 1 << 16;
    private static final long STALL_NANOS = 1_000_000;
    private static final int MESSAGE_BYTES = 2_048;

    private final DatagramChannel channel;
    private final AtomicLongArray intendedNanos = new AtomicLongArray(IDS);
    private final Histogram histogram = new Histogram(TimeUnit.SECONDS.toNanos(10), 3);
    private volatile boolean recording;

    private DnsLatency(DatagramChannel channel) {
        this.channel = channel;
    }

    /**
     * Runs it.
     *
     * @param arguments as the class says
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int functions = Integer.parseInt(arguments[1]);
        int rate = Integer.parseInt(arguments[2]);
        int seconds = Integer.parseInt(arguments[3]);
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.connect(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
            DnsLatency run = new DnsLatency(channel);
            Thread reader = new Thread(run::read, "reader");
            reader.start();
            run.send(functions, rate, 2);
            run.recording = true;
            long stalls = run.send(functions, rate, seconds);
            TimeUnit.MILLISECONDS.sleep(200);
            run.recording = false;
            channel.close();
            reader.join();
            run.report(rate, seconds, stalls);
        }
    }

    private long send(int functions, int rate, int seconds) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        byte[][] queries = new byte[functions][];
        for (int i = 0; i < functions; i++) {
            queries[i] = query("f" + i);
        }
        long total = (long) rate * seconds;
        long start = System.nanoTime();
        long last = start;
        long stalls = 0;
        for (long i = 0; i < total; i++) {
            long due = start + i * TimeUnit.SECONDS.toNanos(1) / rate;
            long now = System.nanoTime();
            while (now - due < 0) {
                if (due - now > 100_000) {
                    LockSupport.parkNanos(50_000);
                }
                now = System.nanoTime();
            }
            stalls += now - Math.max(due, last) > STALL_NANOS ? 1 : 0;
            last = now;
            byte[] query = queries[(int) (i * 7919 % functions)];
            message.clear();
            message.put(query).putShort(0, (short) i).flip();
            intendedNanos.set((int) (i & (IDS - 1)), due);
            channel.write(message);
        }
        return stalls;
    }

    private void read() {
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        try {
            while (true) {
                message.clear();
                channel.read(message);
                if (recording && (message.getShort(2) & 0xf) == 0) {
                    long intended = intendedNanos.get(message.getShort(0) & (IDS - 1));
                    histogram.recordValue(Math.max(0, System.nanoTime() - intended));
                }
            }
        } catch (AsynchronousCloseException e) {
            // The end.
        } catch (IOException e) {
            System.err.println("reading failed: " + e);
        }
    }

    private void report(int rate, int seconds, long stalls) {
        System.out.printf(
                Locale.ROOT,
                "asked %,d/s, answered %.2f %%, us: p50 %.0f p90 %.0f p99 %.0f p99.9 %.0f p99.99 %.0f max %.0f;"
                        + " sender kept from the processor for over 1 ms: %d times%n",
                rate,
                histogram.getTotalCount() * 100.0 / ((double) rate * seconds),
                histogram.getValueAtPercentile(50) / 1e3,
                histogram.getValueAtPercentile(90) / 1e3,
                histogram.getValueAtPercentile(99) / 1e3,
                histogram.getValueAtPercentile(99.9) / 1e3,
                histogram.getValueAtPercentile(99.99) / 1e3,
                histogram.getMaxValue() / 1e3,
                stalls);
    }

    private static byte[] query(String function) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1});
        for (String label : new String[] {"_http", "_tcp", function, "fluid", "internal"}) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        // The root, SRV, IN, and an OPT record that offers 1232 octets.
        out.writeBytes(new byte[] {0, 0, 33, 0, 1, 0, 0, 41, 4, (byte) 0xd0, 0, 0, 0, 0, 0, 0});
        return out.toByteArray();
    }
}
