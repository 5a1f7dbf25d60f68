/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.log;

import io.fluid4j.frame.LogLine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Lines of all functions, the last ones of each; and who follows them. For any thread; nothing here blocks. */
public final class RequestLogs implements AutoCloseable {

    /** Of each function: some ten thousand lines of ordinary length. */
    static final long MAX_BYTES_PER_FUNCTION = 4L << 20;
    /** Functions beyond that are not kept, only passed on. */
    private static final int MAX_FUNCTIONS = 1_000;
    /** Each takes a thread of the admin port. */
    static final int MAX_FOLLOWERS = 8;

    private final Map<Object, StreamIds> tunnels = new ConcurrentHashMap<>();
    private final Map<String, LogRing> functions = new ConcurrentHashMap<>();
    private final List<LogFollower> followers = new CopyOnWriteArrayList<>();
    private final AtomicLong sequence = new AtomicLong();
    private final LongAdder lines = new LongAdder();
    private final LongAdder droppedByInstances = new LongAdder();

    /**
     * A request was handed to a tunnel.
     *
     * @param tunnel which one; any object that stands for it
     * @param stream its stream there
     * @param requestId whose it is; must not be changed any more
     */
    public void opened(Object tunnel, int stream, byte[] requestId) {
        StreamIds ids = tunnels.get(tunnel);
        if (ids == null) {
            ids = tunnels.computeIfAbsent(tunnel, made -> new StreamIds());
        }
        ids.put(stream, requestId);
    }

    /**
     * A tunnel has ended.
     *
     * @param tunnel which one
     */
    public void closed(Object tunnel) {
        tunnels.remove(tunnel);
    }

    /**
     * A line has come.
     *
     * @param tunnel by this tunnel
     * @param stream of this stream, 0 for none
     * @param function what the instance serves
     * @param deployment which deployment of that
     * @param instanceId who wrote it
     * @param line what was written
     */
    public void add(Object tunnel, int stream, String function, String deployment, String instanceId, LogLine line) {
        StreamIds ids = tunnels.get(tunnel);
        byte[] requestId = ids == null ? null : ids.find(stream);
        LoggedLine logged =
                new LoggedLine(sequence.incrementAndGet(), requestId, function, deployment, instanceId, line);
        lines.increment();
        droppedByInstances.add(line.droppedBefore());
        LogRing ring = functions.get(function);
        if (ring == null && functions.size() < MAX_FUNCTIONS) {
            ring = functions.computeIfAbsent(function, made -> new LogRing(MAX_BYTES_PER_FUNCTION));
        }
        if (ring != null) {
            ring.add(logged);
        }
        for (LogFollower follower : followers) {
            follower.offer(logged);
        }
    }

    /**
     * What is kept of a request's lines.
     *
     * @param requestId its id
     * @param function where it went, or null when that is not known
     * @param most no more than that, the last ones
     * @return in the order in which they came
     */
    public List<LoggedLine> ofRequest(byte[] requestId, @Nullable String function, int most) {
        return find(new LogFilter(requestId, function, 1), most);
    }

    List<LoggedLine> find(LogFilter filter, int most) {
        List<LoggedLine> found = new ArrayList<>();
        String function = filter.function();
        if (function == null) {
            functions.values().forEach(ring -> found.addAll(ring.find(filter, most)));
        } else {
            LogRing ring = functions.get(function);
            if (ring != null) {
                found.addAll(ring.find(filter, most));
            }
        }
        found.sort(Comparator.comparingLong(LoggedLine::sequence));
        return found.size() <= most ? found : found.subList(found.size() - most, found.size());
    }

    /** Somebody more, or null when there are too many. */
    @Nullable
    LogFollower follow(LogFilter filter) {
        LogFollower follower = new LogFollower(filter);
        synchronized (followers) {
            if (followers.size() >= MAX_FOLLOWERS) {
                return null;
            }
            followers.add(follower);
        }
        return follower;
    }

    void unfollow(LogFollower follower) {
        follower.close();
        followers.remove(follower);
    }

    /**
     * Lines that have come.
     *
     * @return a sum that only grows
     */
    public long lines() {
        return lines.sum();
    }

    /**
     * Lines that were dropped: by instances because there were too many, and by this router to make room.
     *
     * @return a sum that only grows
     */
    public long dropped() {
        long dropped = droppedByInstances.sum();
        for (LogRing ring : functions.values()) {
            dropped += ring.dropped();
        }
        return dropped;
    }

    /** Ends those who follow. */
    @Override
    public void close() {
        for (LogFollower follower : followers) {
            follower.close();
        }
    }
}
