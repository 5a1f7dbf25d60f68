/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import static java.util.Objects.requireNonNull;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The ledger: counts on the request path, and a thread that writes what has come together to a database twice a second.
 * While the database is away the sums wait in memory and are written when it is back; nothing is counted twice, because
 * batches are numbered for each boot. What a kill of the process can lose is what came after the last batch.
 *
 * <p>All methods are for any thread. Counting never blocks.
 */
public final class UsageLedger implements AutoCloseable {

    /** With the time of a commit it stays below the second that may be lost. */
    static final Duration WRITE_INTERVAL = Duration.ofMillis(500);

    private static final Logger LOG = System.getLogger(UsageLedger.class.getName());
    /** Class of SQL states: a value that the database refuses, now and for ever. */
    private static final String DATA_EXCEPTION = "22";

    private static final Duration ROLL_UP_INTERVAL = Duration.ofMinutes(10);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /**
     * Where and how long.
     *
     * @param jdbcUrl the database
     * @param user its user, or null
     * @param password of the user, or null
     * @param keepMinutes how long minutes are told apart; hours after that
     * @param keep how long anything is kept
     */
    public record Settings(
            String jdbcUrl, @Nullable String user, @Nullable String password, Duration keepMinutes, Duration keep) {

        /** Hides the password. */
        @Override
        public String toString() {
            return "Settings[" + jdbcUrl + ", " + user + "]";
        }
    }

    /**
     * How the ledger itself is. Immutable.
     *
     * @param batches that were written
     * @param failures attempts that failed
     * @param waitingRows rows in memory that wait for the database
     * @param lostRows rows that found no room while it was away
     * @param behindSeconds time since everything known was in the database
     */
    public record State(long batches, long failures, int waitingRows, long lostRows, double behindSeconds) {}

    /**
     * What the instances of a function have used since this router knows them. Immutable.
     *
     * @param memoryByteSeconds memory, while at least one request was in flight
     * @param processCpuNanos processor time of the whole processes
     * @param gcCpuNanos of that, collecting garbage
     * @param jitCpuNanos of that, compiling
     * @param tunnelCpuNanos of that, selectors and timers of the tunnel
     * @param requestCpuNanos of that, requests
     */
    public record InstanceTotal(
            double memoryByteSeconds,
            long processCpuNanos,
            long gcCpuNanos,
            long jitCpuNanos,
            long tunnelCpuNanos,
            long requestCpuNanos) {

        InstanceTotal plus(InstanceTotal other) {
            return new InstanceTotal(
                    memoryByteSeconds + other.memoryByteSeconds,
                    processCpuNanos + other.processCpuNanos,
                    gcCpuNanos + other.gcCpuNanos,
                    jitCpuNanos + other.jitCpuNanos,
                    tunnelCpuNanos + other.tunnelCpuNanos,
                    requestCpuNanos + other.requestCpuNanos);
        }
    }

    private final UsageStore store;
    private final Settings settings;
    private final Clock clock;
    private final String writer = UUID.randomUUID().toString();
    private final UsageCounters counters = new UsageCounters();
    private final InstanceTotals instanceTotals = new InstanceTotals();
    private final Map<String, InstanceUsage> instances = new ConcurrentHashMap<>();
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();

    // Of the writing thread.
    private final UsageSpool spool = new UsageSpool(UsageSpool.MAX_ROWS);
    private Map<UsageKey, UsageSums> collected = new HashMap<>();
    private @Nullable Connection connection;
    private long nextRollUpNanos = System.nanoTime();
    private boolean failing;

    private volatile boolean closed;
    private volatile long writtenNanos = System.nanoTime();
    private final AtomicLong batches = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private volatile int waitingRows;
    private volatile long lostRows;

    /**
     * A ledger, not started.
     *
     * @param settings where and how long
     * @param clock tells the minute
     */
    public UsageLedger(Settings settings, Clock clock) {
        this.settings = requireNonNull(settings, "settings");
        this.clock = requireNonNull(clock, "clock");
        this.store = new UsageStore(settings.jdbcUrl(), settings.user(), settings.password());
        this.thread = new Thread(this::run, "fluid-router-usage");
        thread.setDaemon(true);
    }

    /**
     * The URL of the database that comes with the router.
     *
     * @param folder of {@code fluid.data-dir}
     * @return of a file in it
     */
    public static String embeddedUrl(Path folder) {
        // A commit is written when it returns; the file is closed by us, in time, and not by a hook of the driver's.
        return "jdbc:h2:file:" + folder.toAbsolutePath().normalize().resolve("usage")
                + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0";
    }

    /**
     * Opens the database and begins to write. A database that is away, or a file that another process holds, does not stop
     * the start: requests are served, and sums wait.
     *
     * @throws IllegalArgumentException when there is no driver for the URL
     */
    public void start() {
        try {
            open();
        } catch (SQLException e) {
            if (noDriver(e)) {
                throw new IllegalArgumentException("fluid.usage.jdbc-url: no driver for " + settings.jdbcUrl(), e);
            }
            failed(e);
        }
        thread.start();
    }

    private static boolean noDriver(SQLException e) {
        return String.valueOf(e.getMessage()).startsWith("No suitable driver");
    }

    // ---- the request path

    /**
     * A request has ended for its client.
     *
     * @param key of whom
     * @param failed whether with a status of 500 or more
     * @param bytesIn octets of its body
     * @param bytesOut octets of its response's body
     */
    public void ended(UsageKey key, boolean failed, long bytesIn, long bytesOut) {
        counters.ended(key, failed, bytesIn, bytesOut);
    }

    /**
     * A request has used something on top of what was told before.
     *
     * @param key of whom
     * @param activeCpuNanos measured processor time
     * @param apportionedCpuNanos processor time by share
     * @param wallNanos time on the instance
     */
    public void used(UsageKey key, long activeCpuNanos, long apportionedCpuNanos, long wallNanos) {
        counters.used(key, activeCpuNanos, apportionedCpuNanos, wallNanos);
    }

    /**
     * An instance has told what its process has used since its boot.
     *
     * @param latest all of it
     */
    public void instance(InstanceUsage latest) {
        instanceTotals.add(latest);
        instances.put(latest.instanceId(), latest);
    }

    // ---- for those who ask

    /**
     * Everything since this router's boot, by key.
     *
     * @return sums that only grow
     */
    public Map<UsageKey, UsageSums> totals() {
        return counters.totals();
    }

    /**
     * What instances have used since this router knows them, by function.
     *
     * @return sums that only grow
     */
    public Map<String, InstanceTotal> instanceTotals() {
        return instanceTotals.totals();
    }

    /**
     * How the ledger itself is.
     *
     * @return as of now
     */
    public State state() {
        return new State(
                batches.get(),
                failures.get(),
                waitingRows,
                lostRows,
                Math.max(0, System.nanoTime() - writtenNanos) / 1e9);
    }

    /**
     * Reads the ledger. Blocks. What came within the last second may be missing.
     *
     * @param from begin; the minute it is in counts
     * @param to end; the minute it is in counts
     * @param by what a row stands for
     * @return what was used
     * @throws SQLException when the database cannot be read
     */
    public UsageReport report(Instant from, Instant to, UsageReport.By by) throws SQLException {
        try (Connection own = store.connect()) {
            return UsageQuery.report(own, from, to, by);
        }
    }

    /** Writes what is known, for at most some seconds, and closes the database. Closing twice is harmless. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(CLOSE_TIMEOUT.toMillis());
            if (thread.isAlive()) {
                LOG.log(Level.ERROR, "the usage ledger cannot be written: {0} rows are lost", waitingRows);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the writing thread

    private void run() {
        while (!closed) {
            await();
            collect();
            writeAll();
            rollUp();
        }
        collect();
        writeAll();
        if (spool.rows() > 0) {
            LOG.log(Level.ERROR, "the usage ledger could not be written at the end: {0} rows are lost", spool.rows());
        }
        disconnect();
    }

    private void await() {
        lock.lock();
        try {
            long left = WRITE_INTERVAL.toNanos();
            while (!closed && left > 0) {
                left = wake.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            // Nobody interrupts it but who ends the JVM's threads: write what there is, and end.
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    /** Moves what has grown since the last time into the spool. */
    private void collect() {
        long now = clock.instant().getEpochSecond();
        Map<UsageKey, UsageSums> totals = counters.totals();
        totals.forEach((key, sums) -> {
            UsageSums grown = sums.minus(collected.getOrDefault(key, UsageSums.NONE));
            if (!grown.equals(UsageSums.NONE)) {
                spool.add(now, key.storable(), grown);
            }
        });
        collected = totals;
        for (InstanceUsage latest : List.copyOf(instances.values())) {
            spool.add(now, latest.storable());
            instances.remove(latest.instanceId(), latest);
        }
        publish();
    }

    private void writeAll() {
        try {
            UsageSpool.Batch batch = spool.next();
            while (batch != null) {
                Connection open = open();
                store.write(open, writer, batch, clock.instant().getEpochSecond());
                spool.written();
                batches.getAndIncrement();
                batch = spool.next();
            }
            if (failing) {
                failing = false;
                LOG.log(Level.INFO, "the usage ledger is written again");
            }
            writtenNanos = System.nanoTime();
        } catch (SQLException e) {
            if (String.valueOf(e.getSQLState()).startsWith(DATA_EXCEPTION)) {
                LOG.log(Level.ERROR, "a batch of the usage ledger can never be written and is given up", e);
                spool.giveUp();
            }
            failed(e);
        }
        publish();
    }

    private void rollUp() {
        if (failing || System.nanoTime() - nextRollUpNanos < 0) {
            return;
        }
        nextRollUpNanos = System.nanoTime() + ROLL_UP_INTERVAL.toNanos();
        Instant now = clock.instant();
        try {
            UsageRollUp.run(
                    open(),
                    now.minus(settings.keepMinutes()).getEpochSecond(),
                    now.minus(settings.keep()).getEpochSecond());
        } catch (SQLException e) {
            failed(e);
        }
    }

    private Connection open() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = store.connect();
            try {
                store.createTables(open);
            } catch (SQLException e) {
                open.close();
                throw e;
            }
            connection = open;
        }
        return open;
    }

    private void failed(SQLException e) {
        failures.getAndIncrement();
        if (!failing) {
            failing = true;
            LOG.log(Level.WARNING, "the usage ledger cannot be written for now; sums wait in memory", e);
        }
        disconnect();
    }

    private void disconnect() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                LOG.log(Level.DEBUG, "a connection to the usage ledger could not be closed", e);
            }
        }
    }

    private void publish() {
        waitingRows = spool.rows();
        lostRows = spool.lost();
    }
}
