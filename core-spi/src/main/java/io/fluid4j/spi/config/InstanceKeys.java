/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/** Keys of a server that runs a function. */
public final class InstanceKeys {

    private static final KeyFamily KEYS = KeyFamily.of(Role.INSTANCE);

    /** The application this server runs. */
    public static final ConfigKey<String> FUNCTION = KEYS.text(
                    "fluid.function",
                    null,
                    "[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?",
                    "1 to 63 of a-z, 0-9, dot, dash; begins and ends with a letter or digit")
            .required()
            .doc("The function this server serves: the name of the application.");

    /** The version of the application. */
    public static final ConfigKey<String> DEPLOYMENT = KEYS.text(
                    "fluid.deployment", "default", "[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits, dots, dashes")
            .doc("The version of the function. Routes may give deployments weights.");

    /** Routers to dial. */
    public static final ConfigKey<List<URI>> ROUTER_URLS = KEYS.addresses("fluid.router.urls", Set.of("tcp", "tls"))
            .doc("Routers to dial, all of them: `tcp://host:7443,tls://host2:7443`. This or `fluid.resolver.urls` is"
                    + " required. With both, these are dialled in any case, and those of the resolvers beside them.");

    /** How many of the resolvers' routers are dialled. */
    public static final ConfigKey<Integer> ROUTERS_DIALLED = KEYS.integer("fluid.resolver.dial-count", 2, 1, 64)
            .doc(
                    "How many of the routers that `fluid.resolver.urls` knows an instance dials: those where its function is"
                            + " placed, of its own region first, each in another zone when there is one.");

    /** Upper bound of requests in flight. */
    public static final ConfigKey<Integer> MAX_CONCURRENCY = KEYS.integer("fluid.max-concurrency", 0, 0, 1_000_000)
            .reloadable()
            .doc("Upper bound of requests in flight. 0: the limit is found by itself.");

    /** Most streams one router may have open here. */
    public static final ConfigKey<Integer> MAX_STREAMS = KEYS.integer("fluid.tunnel.max-streams", 100_000, 1, 1_000_000)
            .doc("Most requests one tunnel may have in flight at once, whatever the admission says.");

    /** First wait before dialling again. */
    public static final ConfigKey<Duration> REDIAL_MIN = KEYS.duration(
                    "fluid.tunnel.redial-min", "100ms", "10ms", "60s")
            .doc("Wait before a lost router is dialled again; doubles with each failure, with jitter.");

    /** Longest wait before dialling again. */
    public static final ConfigKey<Duration> REDIAL_MAX = KEYS.duration("fluid.tunnel.redial-max", "10s", "100ms", "10m")
            .doc("Longest wait before a lost router is dialled again.");

    /** How often health is sampled and sent. */
    public static final ConfigKey<Duration> HEALTH_INTERVAL = KEYS.duration(
                    "fluid.health.interval", "250ms", "50ms", "60s")
            .doc("How often signals are sampled and sent to the routers.");

    /** Where the control groups are mounted. */
    public static final ConfigKey<Path> CGROUP_ROOT = KEYS.path(
                    "fluid.health.cgroup-root", "/sys/fs/cgroup", "a folder")
            .doc("Where the control groups (v1 or v2) are mounted.");

    /** Where the process file system is mounted. */
    public static final ConfigKey<Path> PROC_ROOT =
            KEYS.path("fluid.health.proc-root", "/proc", "a folder").doc("Where the process file system is mounted.");

    /** The id of this process. */
    public static final ConfigKey<String> INSTANCE_ID = KEYS.text(
                    "fluid.instance.id", null, "[A-Za-z0-9._-]{8,64}", "8 to 64 letters, digits, dots, dashes")
            .shownDefault("generated at each start")
            .doc("Id of this process, another one for each start. For whoever starts instances and has to know them"
                    + " again; do not set it in a file: two processes with one id turn each other away.");

    /** Planned end of this instance. */
    public static final ConfigKey<Optional<Duration>> LIFETIME = KEYS.durationOrOff(
                    "fluid.instance.lifetime", "off", "1s", "365d")
            .doc("Planned lifetime of this process. It drains itself in time, and says how long it has left.");

    /** Share of scheduling periods in which the CPU quota was used up. */
    public static final ConfigKey<OptionalDouble> ADMIT_CPU_THROTTLED = KEYS.ratioOrOff(
                    "fluid.admission.cpu-throttled", "0.25", 0.01, 1)
            .reloadable()
            .doc("No new requests while the share of CPU periods cut short by the quota is above this.");

    /** CPU pressure. */
    public static final ConfigKey<OptionalDouble> ADMIT_CPU_PRESSURE = KEYS.ratioOrOff(
                    "fluid.admission.cpu-pressure", "off", 0.01, 1)
            .reloadable()
            .doc("No new requests while the share of time in which some task waited for a CPU (`cpu.pressure`, 10 s"
                    + " average) is above this.");

    /** Delay of a timer, which also sees garbage collection. */
    public static final ConfigKey<Optional<Duration>> ADMIT_SCHEDULER_LAG = KEYS.durationOrOff(
                    "fluid.admission.scheduler-lag", "500ms", "1ms", "60s")
            .reloadable()
            .doc("No new requests while a timer fires this much too late: CPU starved, or long collections.");

    /** Memory of the control group. */
    public static final ConfigKey<OptionalDouble> ADMIT_MEMORY = KEYS.ratioOrOff(
                    "fluid.admission.memory", "0.95", 0.1, 1)
            .reloadable()
            .doc("No new requests while the working set is above this share of the memory limit of the container.");

    /** Heap after a collection. */
    public static final ConfigKey<OptionalDouble> ADMIT_HEAP = KEYS.ratioOrOff("fluid.admission.heap", "0.95", 0.1, 1)
            .reloadable()
            .doc("No new requests while the heap left in use by the last collection is above this share of its"
                    + " maximum.");

    /** Time spent collecting. */
    public static final ConfigKey<OptionalDouble> ADMIT_GC_TIME = KEYS.ratioOrOff(
                    "fluid.admission.gc-time", "0.5", 0.01, 1)
            .reloadable()
            .doc("No new requests while collections take more than this share of the time.");

    /** Direct buffers. */
    public static final ConfigKey<OptionalDouble> ADMIT_DIRECT_MEMORY = KEYS.ratioOrOff(
                    "fluid.admission.direct-memory", "0.95", 0.1, 1)
            .reloadable()
            .doc("No new requests while direct buffers are above this share of their maximum.");

    /** Open files and sockets. */
    public static final ConfigKey<OptionalDouble> ADMIT_DESCRIPTORS = KEYS.ratioOrOff(
                    "fluid.admission.descriptors", "0.9", 0.1, 1)
            .reloadable()
            .doc("No new requests while open descriptors are above this share of the process's soft limit.");

    /** Requests that ran into their deadline. */
    public static final ConfigKey<OptionalDouble> ADMIT_TIMEOUTS = KEYS.ratioOrOff(
                    "fluid.admission.timeouts", "0.5", 0.01, 1)
            .reloadable()
            .doc("No new requests while more than this share of recent requests ran into their deadline.");

    /** Requests that failed. */
    public static final ConfigKey<OptionalDouble> ADMIT_ERRORS = KEYS.ratioOrOff(
                    "fluid.admission.errors", "off", 0.01, 1)
            .reloadable()
            .doc("No new requests while more than this share of recent requests ended with an exception or a status of"
                    + " 500 and above. Off by default: an application's errors are often its answer.");

    /** Window of the two above. */
    public static final ConfigKey<Duration> ADMIT_WINDOW = KEYS.duration("fluid.admission.window", "10s", "1s", "10m")
            .doc("What *recent* means for timeouts and errors.");

    /** Requests the window must hold before it says anything. */
    public static final ConfigKey<Integer> ADMIT_MIN_REQUESTS = KEYS.integer(
                    "fluid.admission.min-requests", 20, 1, 1_000_000)
            .doc("Requests that must lie in the window before timeouts and errors count.");

    /** Waiters on database pools. */
    public static final ConfigKey<OptionalInt> ADMIT_DB_POOL = KEYS.integerOrOff(
                    "fluid.admission.db-pool", "off", 1, 1_000_000)
            .reloadable()
            .doc("No new requests while at least this many threads wait for a connection of one pool (HikariCP, Tomcat"
                    + " JDBC, DBCP, as their MBeans say).");

    /** Virtual threads stuck on their carriers. */
    public static final ConfigKey<OptionalInt> ADMIT_PINNED = KEYS.integerOrOff(
                    "fluid.admission.pinned", "off", 1, 1_000_000)
            .reloadable()
            .doc("No new requests while virtual threads pin their carriers at least this many times a second, where the"
                    + " JVM tells.");

    /** Wait for a container thread. */
    public static final ConfigKey<Optional<Duration>> ADMIT_QUEUE_DELAY = KEYS.durationOrOff(
                    "fluid.admission.queue-delay", "250ms", "1ms", "60s")
            .reloadable()
            .doc("A request that has waited this long for a thread of the container is handed back unstarted.");

    /** Time that must be left to live. */
    public static final ConfigKey<Optional<Duration>> ADMIT_LIFETIME = KEYS.durationOrOff(
                    "fluid.admission.lifetime", "5s", "0", "1h")
            .reloadable()
            .doc("No new requests when `fluid.instance.lifetime` has less than this left.");

    /** How far below its threshold a signal must fall. */
    public static final ConfigKey<Double> ADMIT_HYSTERESIS = KEYS.ratio("fluid.admission.hysteresis", "0.1", 0, 0.9)
            .reloadable()
            .doc("A breached signal is well again when it is this share below its threshold.");

    /** How long work after the response may take. */
    public static final ConfigKey<Duration> WAIT_UNTIL_TIMEOUT = KEYS.duration(
                    "fluid.wait-until.timeout", "30s", "0", "1h")
            .doc("How long work given to `waitUntil` may go on after the response; then it is cancelled.");

    /** Threads for work after the response. */
    public static final ConfigKey<Integer> WAIT_UNTIL_THREADS = KEYS.integer(
                    "fluid.wait-until.max-threads", 16, 1, 10_000)
            .doc("Threads for `runAfterResponse`, where the JVM has no virtual ones.");

    /** Work after the response that may wait for a thread. */
    public static final ConfigKey<Integer> WAIT_UNTIL_QUEUE = KEYS.integer(
                    "fluid.wait-until.max-queued", 10_000, 1, 10_000_000)
            .doc("Tasks of `runAfterResponse` that may wait for a thread; more are refused.");

    /** Whether log lines travel to the router. */
    public static final ConfigKey<Boolean> LOG_CAPTURE =
            KEYS.bool("fluid.log.capture", true).doc("Send the log lines of a request to its router.");

    /** Whether printed lines travel, too. */
    public static final ConfigKey<Boolean> LOG_STDOUT = KEYS.bool("fluid.log.stdout", false)
            .doc("Send what applications print to standard output and error while they work for a request, too.");

    /** Whether management beans are registered. */
    public static final ConfigKey<Boolean> JMX =
            KEYS.bool("fluid.jmx", true).doc("Register management beans under `io.fluid4j`.");

    private InstanceKeys() {}

    static KeyFamily family() {
        return KEYS;
    }
}
