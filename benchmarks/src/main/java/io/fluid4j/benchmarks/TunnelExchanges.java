/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.benchmarks;

import io.fluid4j.frame.ErrorCode;
import io.fluid4j.frame.Fields;
import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Nack;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.frame.ResponseHead;
import io.fluid4j.frame.Settings;
import io.fluid4j.frame.Usage;
import io.fluid4j.frame.Welcome;
import io.fluid4j.tunnel.Authenticator;
import io.fluid4j.tunnel.Dialler;
import io.fluid4j.tunnel.InboundStream;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Retainable;
import io.fluid4j.tunnel.Secret;
import io.fluid4j.tunnel.SendBatch;
import io.fluid4j.tunnel.Session;
import io.fluid4j.tunnel.StreamFailure;
import io.fluid4j.tunnel.TunnelAcceptor;
import io.fluid4j.tunnel.TunnelTransport;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The whole path of a tunnel without any container: a requester and a server in one JVM over a loopback socket, with a
 * fixed number of small exchanges in flight. Prints exchanges per second, CPU and octets allocated per exchange, and
 * frames per socket write, which show whether batching happens.
 *
 * <p>Arguments: {@code [in flight = 64] [seconds = 5] [workers = 2 | 0 for the reader thread] [warm-up seconds = 5]
 * [work per exchange in microseconds = 0] [send batches = true]}. Workers take exchanges from one queue, as an instance's
 * runner does.
 */
public final class TunnelExchanges {

    private static final byte[] BODY = new byte[40];
    private static final Usage USAGE = new Usage(Usage.COMPLETE, 1, 0, 1, Usage.UNKNOWN);

    private final LongAdder completed = new LongAdder();
    private final BlockingQueue<Session> sessions = new ArrayBlockingQueue<>(1);
    private final @Nullable ExecutorService workers;
    private final long workNanos;
    private final boolean batches;
    private volatile boolean running = true;

    private TunnelExchanges(int workers, int workMicros, boolean batches) {
        this.workers = workers == 0 ? null : Executors.newFixedThreadPool(workers);
        this.workNanos = TimeUnit.MICROSECONDS.toNanos(workMicros);
        this.batches = batches;
    }

    /** Runs it once. */
    public static void main(String[] arguments) throws Exception {
        int inFlight = argument(arguments, 0, 64);
        int seconds = argument(arguments, 1, 5);
        int workers = argument(arguments, 2, 2);
        int warmUp = argument(arguments, 3, 5);
        int workMicros = argument(arguments, 4, 0);
        boolean batches = arguments.length < 6 || Boolean.parseBoolean(arguments[5]);
        new TunnelExchanges(workers, workMicros, batches).run(inFlight, seconds, warmUp, System.out);
    }

    private static int argument(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }

    private void run(int inFlight, int seconds, int warmUp, PrintStream out) throws Exception {
        Secret secret = Secret.of("benchmark");
        try (TunnelTransport requester =
                        TunnelTransport.builder().name("requester").build();
                TunnelTransport server =
                        TunnelTransport.builder().name("server").build()) {
            requester.start();
            server.start();
            try (TunnelAcceptor acceptor = acceptor(requester, secret);
                    Dialler dialler = dialler(server, secret, acceptor.localPort())) {
                dialler.start();
                Session session = sessions.take();
                CountDownLatch idle = new CountDownLatch(inFlight);
                for (int i = 0; i < inFlight; i++) {
                    new Client(session, idle).next();
                }
                TimeUnit.SECONDS.sleep(warmUp);
                measure(requester, server, seconds, out);
                running = false;
                if (!idle.await(10, TimeUnit.SECONDS)) {
                    out.println(idle.getCount() + " exchanges did not end");
                }
            }
        } finally {
            if (workers != null) {
                workers.shutdownNow();
            }
        }
    }

    private void measure(TunnelTransport requester, TunnelTransport server, int seconds, PrintStream out)
            throws InterruptedException {
        Session.Traffic requesterBefore = requester.traffic();
        Session.Traffic serverBefore = server.traffic();
        long exchangesBefore = completed.sum();
        long cpuBefore = cpuNanos();
        long allocatedBefore = allocatedBytes();
        long begin = System.nanoTime();
        TimeUnit.SECONDS.sleep(seconds);
        double elapsed = (System.nanoTime() - begin) / 1e9;
        double exchanges = completed.sum() - exchangesBefore;
        double cpuMicros = (cpuNanos() - cpuBefore) / 1e3;
        double allocated = allocatedBytes() - allocatedBefore;
        Session.Traffic requesterAfter = requester.traffic();
        Session.Traffic serverAfter = server.traffic();
        out.printf("exchanges/s        %,.0f%n", exchanges / elapsed);
        out.printf("CPU us/exchange    %.2f (both ends, JIT and GC included)%n", cpuMicros / exchanges);
        out.printf("bytes/exchange     %.0f allocated%n", allocated / exchanges);
        out.printf(
                "wire bytes         %.0f to the server, %.0f back%n",
                (requesterAfter.bytesOut() - requesterBefore.bytesOut()) / exchanges,
                (serverAfter.bytesOut() - serverBefore.bytesOut()) / exchanges);
        print(out, "requester", requesterBefore, requesterAfter, exchanges);
        print(out, "server", serverBefore, serverAfter, exchanges);
    }

    private static void print(
            PrintStream out, String side, Session.Traffic before, Session.Traffic after, double exchanges) {
        double writes = after.writes() - before.writes();
        double reads = after.reads() - before.reads();
        out.printf(
                "%-10s         %.2f frames/write, %.2f exchanges/write, %.2f exchanges/read%n",
                side, (after.framesOut() - before.framesOut()) / writes, exchanges / writes, exchanges / reads);
    }

    private static long cpuNanos() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime();
    }

    private static long allocatedBytes() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
    }

    private TunnelAcceptor acceptor(TunnelTransport transport, Secret secret) {
        Welcome welcome = new Welcome(Settings.REQUESTER_DEFAULTS, "bench", "", "", List.of(), "");
        TunnelAcceptor acceptor = TunnelAcceptor.builder()
                .transport(transport)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .authenticator(Authenticator.anyOf(List.of(secret)))
                .welcome(() -> welcome)
                .listener(session -> new Session.Listener() {
                    @Override
                    public void onOpen(Session opened) {
                        sessions.add(opened);
                    }
                })
                .build();
        acceptor.start();
        return acceptor;
    }

    private Dialler dialler(TunnelTransport transport, Secret secret, int port) {
        return Dialler.builder()
                .transport(transport)
                .router(URI.create("tcp://localhost:" + port))
                .secret(secret)
                .hello(() -> Hello.builder()
                        .instanceId("bench")
                        .function("bench")
                        .deployment("v1")
                        .sessionGroup(new byte[Hello.SESSION_GROUP_BYTES]))
                .listener(session -> new Server())
                .build();
    }

    /** Answers requests on workers, as a container would: the runners wake each other in a chain. */
    private final class Server implements Session.Listener, Runnable {

        private final ThreadLocal<HeadWriter> heads = ThreadLocal.withInitial(HeadWriter::new);
        private final Queue<Answer> queue = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean searching = new AtomicBoolean();

        @Override
        public InboundStream.Listener onRequest(InboundStream stream, RequestHead head) {
            Answer answer = new Answer(stream);
            if (workers == null) {
                answer.run();
            } else {
                queue.add(answer);
            }
            return answer;
        }

        @Override
        public void onBatchEnd(Session session) {
            if (!queue.isEmpty()) {
                wakeOne();
            }
        }

        @Override
        public void run() {
            SendBatch batch = SendBatch.ofThisThread();
            Answer next = queue.poll();
            searching.set(false);
            while (next != null) {
                boolean more = !queue.isEmpty();
                if (more) {
                    wakeOne();
                }
                batch.more(more && batches);
                next.run();
                next = queue.poll();
            }
            batch.more(false);
            if (!queue.isEmpty()) {
                wakeOne();
            }
        }

        private void wakeOne() {
            ExecutorService pool = workers;
            if (pool != null && !searching.get() && searching.compareAndSet(false, true)) {
                pool.execute(this);
            }
        }

        private final class Answer implements InboundStream.Listener, Runnable {
            private final InboundStream stream;

            Answer(InboundStream stream) {
                this.stream = stream;
            }

            @Override
            public void run() {
                stream.started();
                long until = System.nanoTime() + workNanos;
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
                HeadWriter head = heads.get().response(200, BODY.length).field("Content-Type", "text/plain");
                stream.send(head, ByteBuffer.wrap(BODY), true, null, Callback.NOOP);
                stream.completed(USAGE);
            }

            @Override
            public void onContentAvailable() {}

            @Override
            public void onCancel(ErrorCode code, @Nullable Throwable cause) {
                stream.completed(null);
            }
        }
    }

    /** Sends the next request when a response has come. */
    private final class Client implements OutboundStream.Listener {
        private final Session session;
        private final CountDownLatch idle;
        private final HeadWriter head = new HeadWriter();
        private final byte[] requestId = new byte[16];

        Client(Session session, CountDownLatch idle) {
            this.session = session;
            this.idle = idle;
        }

        void next() {
            head.request("GET", "http", 0x11, 1, 0, 0, requestId, "/small", "localhost:8080", null, 0, null, 0)
                    .field("Accept", "*/*")
                    .field("User-Agent", "benchmark");
            if (session.open(head, true, this) == null) {
                throw new IllegalStateException("the session takes no more streams");
            }
        }

        @Override
        public void onNack(OutboundStream stream, Nack nack) {
            throw new IllegalStateException("nack " + nack);
        }

        @Override
        public void onResponse(OutboundStream stream, ResponseHead response) {}

        @Override
        public void onBody(OutboundStream stream, ByteBuffer slice, Retainable owner) {
            stream.consumed(slice.remaining());
        }

        @Override
        public void onEnd(OutboundStream stream, Fields trailers, @Nullable Usage usage, boolean moreWork) {
            completed.increment();
            if (running) {
                next();
            } else {
                idle.countDown();
            }
        }

        @Override
        public void onFailure(OutboundStream stream, StreamFailure failure) {
            idle.countDown();
        }
    }
}
