/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.etcd;

import static io.fluid4j.resolver.etcd.EtcdClient.encode;
import static io.fluid4j.resolver.etcd.EtcdClient.list;
import static io.fluid4j.resolver.etcd.EtcdClient.number;
import static io.fluid4j.resolver.etcd.EtcdClient.object;

import io.fluid4j.resolver.client.ChangeLog;
import io.fluid4j.resolver.client.Json;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Feeds a {@link ChangeLog} from etcd's watch, on a thread of its own. A watch that breaks is resumed after the last
 * revision that was seen; when etcd has forgotten that one (compaction), or is another history, everything is read at one
 * revision and watched from there: so no change is lost. A probe each second finds an etcd that is silent.
 */
final class EtcdFollower implements AutoCloseable {

    static final long PROBE_MILLIS = 1_000;
    private static final long ANSWER_SECONDS = 10;
    private static final long MIN_PAUSE_MILLIS = 50;
    private static final long MAX_PAUSE_MILLIS = 2_000;

    private static final Logger LOG = System.getLogger(EtcdFollower.class.getName());

    private final EtcdClient etcd;
    private final EtcdKeys keys;
    private final ChangeLog log;
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable InputStream stream;
    private volatile long epoch;
    private final CompletableFuture<Boolean> begun = new CompletableFuture<>();
    // Used by the thread only:
    private long next;
    private boolean known;
    private long pauseMillis = MIN_PAUSE_MILLIS;

    EtcdFollower(EtcdClient etcd, EtcdKeys keys, ChangeLog log) {
        this.etcd = etcd;
        this.keys = keys;
        this.log = log;
        this.thread = new Thread(this::run, "fluid-etcd-watch");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        end();
    }

    /** Done when everything was read once, so that the epoch is known. */
    CompletableFuture<Boolean> begun() {
        return begun.copy();
    }

    /** Looks whether etcd answers, and is still the same; called each second by somebody else's thread. */
    void probe() {
        if (closed || stream == null) {
            return;
        }
        var unused = etcd.call("kv/range", Map.of("key", encode(keys.epoch()))).whenComplete((answer, failure) -> {
            if (failure != null) {
                lost(String.valueOf(failure.getMessage()));
                end();
            } else if (epochOf(list(answer.get("kvs"))) != epoch) {
                end();
            }
        });
    }

    private void run() {
        while (!closed) {
            try {
                follow();
            } catch (IOException | ExecutionException | TimeoutException e) {
                lost(String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                // What is there is not ours, or damaged. It may be repaired.
                LOG.log(Level.ERROR, "what etcd holds was not understood", e);
                known = false;
                lost("what etcd holds was not understood");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(
                        pauseMillis / 2 + ThreadLocalRandom.current().nextLong(pauseMillis));
                pauseMillis = Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void follow() throws IOException, InterruptedException, ExecutionException, TimeoutException {
        readEpoch();
        if (!known) {
            relist();
        }
        Map<String, Object> create = Map.of(
                "create_request",
                Map.of(
                        "key", encode(keys.records()),
                        "range_end", encode(EtcdClient.rangeEnd(keys.records())),
                        "start_revision", Long.toString(next)));
        InputStream opened = etcd.stream("watch", create);
        stream = opened;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(opened, StandardCharsets.UTF_8))) {
            // Once it is cancelled nothing more comes, nor does the stream end.
            while (!closed && known) {
                String line = lines.readLine();
                if (line == null) {
                    break;
                }
                heard(object(Json.parseObject(line).get("result")));
            }
        } finally {
            stream = null;
        }
        if (!closed && known) {
            lost("etcd has ended the watch");
        }
    }

    private void heard(Map<String, @Nullable Object> result) {
        if (Boolean.TRUE.equals(result.get("canceled"))) {
            LOG.log(Level.INFO, "etcd cannot resume the watch from {0}: everything is read again", next);
            known = false;
            return;
        }
        pauseMillis = MIN_PAUSE_MILLIS;
        List<RecordChange> changes = new ArrayList<>();
        long at = next - 1;
        for (Object one : list(result.get("events"))) {
            Map<String, @Nullable Object> event = object(one);
            long revision = number(object(event.get("kv")), "mod_revision");
            if (revision != at && !changes.isEmpty()) {
                log.append(new Revision(epoch, at), changes);
                changes = new ArrayList<>();
            }
            at = revision;
            changes.add(keys.change(event, epoch));
        }
        log.append(new Revision(epoch, at), changes);
        next = at + 1;
    }

    /** Another epoch, or a revision before one that was seen already, is another history. */
    private void readEpoch() throws InterruptedException, ExecutionException, TimeoutException {
        long proposed = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        String key = encode(keys.epoch());
        Map<String, Object> put = Map.of("request_put", Map.of("key", key, "value", encode(Long.toString(proposed))));
        Map<String, Object> range = Map.of("request_range", Map.of("key", key));
        Map<String, @Nullable Object> answer = answer(
                "kv/txn",
                Map.of(
                        "compare", List.of(Map.of("key", key, "target", "VERSION", "version", "0")),
                        "success", List.of(put),
                        "failure", List.of(range)));
        long found = proposed;
        if (!Boolean.TRUE.equals(answer.get("succeeded"))) {
            found = epochOf(
                    list(object(object(list(answer.get("responses")).get(0)).get("response_range"))
                            .get("kvs")));
        }
        if (found == epoch && EtcdClient.revision(answer) < next - 1) {
            LOG.log(Level.WARNING, "etcd has gone back in its history: a new one begins");
            var unused = answer("kv/put", Map.of("key", key, "value", encode(Long.toString(proposed))));
            found = proposed;
        }
        if (found != epoch) {
            epoch = found;
            known = false;
        }
    }

    private static long epochOf(List<?> pairs) {
        return pairs.isEmpty()
                ? 0
                : Long.parseLong(EtcdClient.decode(object(pairs.get(0)).get("value")));
    }

    private void relist() throws InterruptedException, ExecutionException, TimeoutException {
        Map<String, @Nullable Object> answer = answer(
                "kv/range",
                Map.of(
                        "key", encode(keys.records()),
                        "range_end", encode(EtcdClient.rangeEnd(keys.records()))));
        List<Registration> all = new ArrayList<>();
        for (Object pair : list(answer.get("kvs"))) {
            all.add(EtcdKeys.registration(object(pair), epoch));
        }
        long revision = EtcdClient.revision(answer);
        next = revision + 1;
        known = true;
        log.relist(new Revision(epoch, revision), all);
        begun.complete(true);
    }

    private Map<String, @Nullable Object> answer(String path, Map<String, ?> body)
            throws InterruptedException, ExecutionException, TimeoutException {
        return etcd.call(path, body).get(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    private void lost(String reason) {
        if (!closed) {
            log.lost(reason);
        }
    }

    private void end() {
        InputStream open = stream;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "a watch could not be closed", e);
            }
        }
    }
}
