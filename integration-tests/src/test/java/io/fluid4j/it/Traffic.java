/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Requests at even times, whatever became of those before: an open loop. Each request has an id, is sent once and never
 * again by the client, and what becomes of it is kept. Latency counts from the time a request was due. Thread-safe.
 */
final class Traffic implements AutoCloseable {

    /** Of work that says at its end that this is the end. */
    private static final String DONE = "done ";

    private static final String LAST_EVENT = "data: end\n\n";

    /**
     * A kind of request.
     *
     * @param share how many of a hundred requests are of this kind
     * @param target path and query; the id is added
     */
    record Kind(String name, int share, String method, String target) {
        boolean stream() {
            return target.contains("/events");
        }
    }

    /**
     * What became of a request.
     *
     * @param status 0 when there was no answer
     * @param error the router's word when it answered itself, else ""
     * @param instance who answered; "" when not known
     * @param complete the whole answer came, its last word included
     * @param detail what went wrong, else ""
     */
    record Outcome(
            Kind kind,
            String id,
            int status,
            String error,
            String instance,
            boolean complete,
            String detail,
            long dueNanos,
            long endNanos) {
        boolean good() {
            return status == 200 && complete;
        }

        /** Begun for the client, then cut so that it cannot look complete. */
        boolean aborted() {
            return status == 200 && !complete && !detail.isEmpty();
        }
    }

    private final List<Kind> kinds = new ArrayList<>();
    private final int[] ports;
    private final boolean keepAlive;
    private final String name;
    private final ConcurrentLinkedQueue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedDeque<RawClient> idle = new ConcurrentLinkedDeque<>();
    private final ExecutorService clients = Executors.newCachedThreadPool();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger committed = new AtomicInteger();
    private final AtomicInteger skipped = new AtomicInteger();
    private volatile boolean stopped;
    private volatile String host = "localhost";
    private volatile String from = "127.0.0.1";
    private @Nullable Thread pacer;

    private Traffic(String name, boolean keepAlive, int... ports) {
        this.name = name;
        this.keepAlive = keepAlive;
        this.ports = ports.clone();
    }

    /** To one address, over connections that are kept. */
    static Traffic to(String name, int port) {
        return new Traffic(name, true, port);
    }

    /**
     * To several addresses in turn, each request on a connection of its own. An address that refuses the connection, or
     * breaks it before a single octet of an answer, is skipped; that nothing was begun there is what the ledger shows.
     */
    static Traffic skipping(String name, int... ports) {
        return new Traffic(name, false, ports);
    }

    /** The host that is asked for; localhost unless set. */
    Traffic host(String name) {
        host = name;
        return this;
    }

    /** The client's address. */
    Traffic from(String address) {
        from = address;
        return this;
    }

    Traffic with(String kind, int share, String method, String target) {
        kinds.add(new Kind(kind, share, method, target));
        return this;
    }

    Traffic start(double perSecond) {
        Kind[] turns = turns();
        Thread thread = new Thread(() -> pace(turns, perSecond), "pace of " + name);
        thread.setDaemon(true);
        pacer = thread;
        thread.start();
        return this;
    }

    /** A hundred kinds by their shares, mixed, the same in every run. */
    private Kind[] turns() {
        Kind[] turns = new Kind[100];
        int at = 0;
        for (Kind kind : kinds) {
            for (int i = 0; i < kind.share; i++) {
                // 37 has no common divisor with 100: every place is met once.
                turns[at++ * 37 % 100] = kind;
            }
        }
        if (at != turns.length) {
            throw new IllegalArgumentException("the shares add up to " + at);
        }
        return turns;
    }

    private void pace(Kind[] turns, double perSecond) {
        long begin = System.nanoTime();
        for (int i = 0; !stopped; i++) {
            long due = begin + (long) (i * 1e9 / perSecond);
            for (long left = due - System.nanoTime(); left > 0 && !stopped; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            if (!stopped) {
                send(turns[i % turns.length], due);
            }
        }
    }

    /** One request more, now. */
    String send(Kind kind) {
        return send(kind, System.nanoTime());
    }

    private String send(Kind kind, long due) {
        int number = sent.incrementAndGet();
        String id = name + "-" + kind.name + "-" + number;
        clients.execute(() -> outcomes.add(exchange(kind, id, number, due)));
        return id;
    }

    private Outcome exchange(Kind kind, String id, int number, long due) {
        String detail = "";
        for (int i = 0; i < 2 * ports.length; i++) {
            Answer answer = new Answer(committed);
            try {
                RawClient client = connect(ports[(number + i) % ports.length]);
                boolean reusable = false;
                try {
                    reusable = answer.read(client, kind, request(kind, id)) && keepAlive;
                } finally {
                    if (reusable) {
                        idle.push(client);
                    } else {
                        client.close();
                    }
                }
                return answer.outcome(kind, id, "", due);
            } catch (ConnectException e) {
                detail = e.toString();
                skipped.incrementAndGet();
            } catch (IOException e) {
                detail = e.getClass().getSimpleName() + ": " + e.getMessage();
                if (keepAlive || answer.status > 0 || ports.length == 1) {
                    return answer.outcome(kind, id, detail, due);
                }
                skipped.incrementAndGet();
            }
        }
        return new Answer(committed).outcome(kind, id, detail, due);
    }

    private RawClient connect(int port) throws IOException {
        RawClient kept = idle.poll();
        return kept != null ? kept : RawClient.connectFrom(from, port);
    }

    private String request(Kind kind, String id) {
        String body = kind.method.equals("POST") ? "Content-Length: 4\r\n\r\nwork" : "\r\n";
        return kind.method + " " + kind.target + (kind.target.contains("?") ? "&" : "?") + "id=" + id
                + " HTTP/1.1\r\nHost: " + host + "\r\n" + (keepAlive ? "" : "Connection: close\r\n") + body;
    }

    private static final class Answer {
        private final AtomicInteger heads;
        private int status;
        private String error = "";
        private String instance = "";
        private boolean complete;

        Answer(AtomicInteger heads) {
            this.heads = heads;
        }

        /** True when the connection can be used again. */
        boolean read(RawClient client, Kind kind, String request) throws IOException {
            client.send(request);
            RawClient.Head head = client.readHead(kind.method);
            status = head.status();
            error = head.first("fluid-error") == null ? "" : head.first("fluid-error");
            instance = head.first("x-instance") == null ? "" : head.first("x-instance");
            heads.incrementAndGet();
            String body = new String(client.readBody(), StandardCharsets.UTF_8);
            complete = kind.stream() ? body.endsWith(LAST_EVENT) : body.startsWith(DONE);
            return !"close".equalsIgnoreCase(head.first("connection"));
        }

        Outcome outcome(Kind kind, String id, String detail, long due) {
            return new Outcome(kind, id, status, error, instance, complete, detail, due, System.nanoTime());
        }
    }

    int sent() {
        return sent.get();
    }

    /** How many answers have at least begun at the client. */
    int committed() {
        return committed.get();
    }

    /** How often an address was skipped. */
    int skipped() {
        return skipped.get();
    }

    Collection<Outcome> outcomes() {
        return outcomes;
    }

    Stream<Outcome> bad() {
        return outcomes.stream().filter(outcome -> !outcome.good());
    }

    /** Begins no more requests and waits until all have an end. */
    List<Outcome> finish() throws InterruptedException {
        stopped = true;
        Thread thread = pacer;
        if (thread != null) {
            thread.join();
        }
        clients.shutdown();
        if (!clients.awaitTermination(90, TimeUnit.SECONDS)) {
            throw new IllegalStateException(sent.get() - outcomes.size() + " requests have no end");
        }
        closeIdle();
        return List.copyOf(outcomes);
    }

    /** For messages: how many of each kind ended in each way. */
    Map<String, Integer> summary() {
        Map<String, Integer> summary = new TreeMap<>();
        for (Outcome one : outcomes) {
            String how = one.good() ? "good" : one.status + " " + one.error + " " + one.detail;
            summary.merge(one.kind.name + ": " + how, 1, Integer::sum);
        }
        return summary;
    }

    /** Of the good answers that fit, the given share was no slower; milliseconds. */
    static double quantileMillis(Collection<Outcome> of, double share, Predicate<Outcome> which) {
        long[] nanos = of.stream()
                .filter(which)
                .filter(Outcome::good)
                .mapToLong(outcome -> outcome.endNanos - outcome.dueNanos)
                .toArray();
        if (nanos.length == 0) {
            throw new IllegalArgumentException("there is none");
        }
        Arrays.sort(nanos);
        return nanos[Math.min(nanos.length - 1, (int) (nanos.length * share))] / 1e6;
    }

    private void closeIdle() {
        for (RawClient client = idle.poll(); client != null; client = idle.poll()) {
            try {
                client.close();
            } catch (IOException e) {
                // It was idle; there is nothing to lose.
                continue;
            }
        }
    }

    @Override
    public void close() {
        stopped = true;
        clients.shutdownNow();
        closeIdle();
    }
}
