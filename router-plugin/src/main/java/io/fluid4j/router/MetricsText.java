/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Health;
import io.fluid4j.frame.NackReason;
import io.fluid4j.router.fleet.Fleet;
import io.fluid4j.router.provision.PoolFigures;
import io.fluid4j.router.provision.Provisioning;
import io.fluid4j.router.usage.UsageLedger;
import io.fluid4j.tunnel.Session;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.Unit;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the router counts, as Prometheus or OpenMetrics text. For any thread. */
final class MetricsText {

    private static final int MAX_STATUS = 600;

    private final RouterContext context;
    private final Supplier<Session.Traffic> traffic;
    private final LongSupplier committedBytes;
    private final Accounting accounting;
    private final Provisioning provisioning;
    private final ExpositionFormats formats = ExpositionFormats.init();

    MetricsText(
            RouterContext context,
            Supplier<Session.Traffic> traffic,
            LongSupplier committedBytes,
            Accounting accounting,
            Provisioning provisioning) {
        this.provisioning = provisioning;
        this.context = context;
        this.traffic = traffic;
        this.committedBytes = committedBytes;
        this.accounting = accounting;
    }

    /** The content type for what a scraper accepts. */
    String contentType(@Nullable String accept) {
        return formats.findWriter(accept).getContentType();
    }

    void write(@Nullable String accept, OutputStream out) throws IOException {
        formats.findWriter(accept).write(out, snapshots());
    }

    private MetricSnapshots snapshots() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        requests(all);
        nacks(all);
        instances(all);
        provisioning(all);
        tunnels(all);
        usage(all);
        all.metricSnapshot(InfoSnapshot.builder()
                .name("fluid_build")
                .help("What runs here.")
                .dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder()
                        .labels(Labels.of("version", version(), "role", "router"))
                        .build())
                .build());
        return all.build();
    }

    private void requests(MetricSnapshots.Builder all) {
        CounterSnapshot.Builder requests = CounterSnapshot.builder()
                .name("fluid_router_requests")
                .help("Requests that have ended, by function and status.");
        HistogramSnapshot.Builder duration = HistogramSnapshot.builder()
                .name("fluid_router_request_duration_seconds")
                .unit(Unit.SECONDS)
                .help("From the first octet of a request to the end of its response.");
        HistogramSnapshot.Builder firstByte = HistogramSnapshot.builder()
                .name("fluid_router_time_to_first_byte_seconds")
                .unit(Unit.SECONDS)
                .help("From the first octet of a request to the start of its response.");
        CounterSnapshot.Builder coldStarts = CounterSnapshot.builder()
                .name("fluid_router_cold_start_requests")
                .help("Requests that waited for an instance while one was being started.");
        CounterSnapshot.Builder served = CounterSnapshot.builder()
                .name("fluid_router_served_requests")
                .help("Requests of clients that got a response, by routers passed beyond this one: 0 or 1.");
        CounterSnapshot.Builder forwarded = CounterSnapshot.builder()
                .name("fluid_router_forwarded_requests")
                .help("Requests that other routers have forwarded here and that have ended, by function and status.");
        CounterSnapshot.Builder cpu = CounterSnapshot.builder()
                .name("fluid_active_cpu_seconds")
                .unit(Unit.SECONDS)
                .help("CPU time that requests have really used on the instances.");
        for (FunctionMetrics function : context.metrics().all()) {
            Labels labels = Labels.of("function", function.function());
            for (int status = 0; status < MAX_STATUS; status++) {
                long count = function.requests(status);
                if (count > 0) {
                    requests.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                            .labels(Labels.of("code", Integer.toString(status), "function", function.function()))
                            .value((double) count)
                            .build());
                }
            }
            for (int status = 0; status < MAX_STATUS; status++) {
                long count = function.forwarded(status);
                if (count > 0) {
                    forwarded.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                            .labels(Labels.of("code", Integer.toString(status), "function", function.function()))
                            .value((double) count)
                            .build());
                }
            }
            served.dataPoint(served(function, "0", function.local().getCount()));
            served.dataPoint(served(function, "1", function.hopped().getCount()));
            duration.dataPoint(histogram(function.duration(), labels));
            firstByte.dataPoint(histogram(function.timeToFirstByte(), labels));
            coldStarts.dataPoint(counted(labels, (double) function.coldStarts().getCount()));
            cpu.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(labels)
                    .value(function.activeCpuNanos().getCount() / 1e9)
                    .build());
        }
        all.metricSnapshot(requests.build());
        all.metricSnapshot(served.build());
        all.metricSnapshot(forwarded.build());
        all.metricSnapshot(duration.build());
        all.metricSnapshot(firstByte.build());
        all.metricSnapshot(coldStarts.build());
        all.metricSnapshot(cpu.build());
        all.metricSnapshot(gauge(
                "fluid_router_in_flight_requests",
                "Requests under way.",
                context.live().size()));
        int waiting = 0;
        GaugeSnapshot.Builder desired = GaugeSnapshot.builder()
                .name("fluid_desired_instances")
                .help("Instances a function should have for what runs and waits now; for an autoscaler to follow.");
        for (FunctionGroup group : context.instances().groups()) {
            int now = group.waiting().size();
            waiting += now;
            desired.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(Labels.of("function", group.name()))
                    .value(desired(group, now))
                    .build());
        }
        all.metricSnapshot(desired.build());
        all.metricSnapshot(gauge("fluid_router_waiting_requests", "Requests that wait for an instance.", waiting));
        all.metricSnapshot(CounterSnapshot.builder()
                .name("fluid_router_cut_off_connections")
                .help("Client connections that were closed because of a flood: cut off, or turned away as they came.")
                .dataPoint(counted(Labels.of("when", "flooding"), (double)
                        context.metrics().cutOff().getCount()))
                .dataPoint(counted(Labels.of("when", "accepted"), (double)
                        context.metrics().turnedAway().getCount()))
                .build());
    }

    /** Where the router follows the figure itself, the one that it follows. */
    private int desired(FunctionGroup group, int waiting) {
        PoolFigures pool = provisioning.figures(group.name());
        return pool != null ? pool.desired() : DesiredInstances.of(group.staying(), waiting);
    }

    private void provisioning(MetricSnapshots.Builder all) {
        List<PoolFigures> pools = provisioning.figures();
        if (pools.isEmpty()) {
            return;
        }
        CounterSnapshot.Builder instances = CounterSnapshot.builder()
                .name("fluid_provision_instances")
                .help("Instances that this router asked for, and what became of them; and those it let go.");
        GaugeSnapshot.Builder starting = GaugeSnapshot.builder()
                .name("fluid_provision_starting_instances")
                .help("Instances that have been asked for and are not there yet.");
        SummarySnapshot.Builder times = SummarySnapshot.builder()
                .name("fluid_provision_start_seconds")
                .unit(Unit.SECONDS)
                .help("From asking for an instance to its first tunnel.");
        for (PoolFigures pool : pools) {
            Map.of("asked", pool.asked(), "started", pool.started(), "failed", pool.failed(), "stopped", pool.stopped())
                    .forEach((event, count) -> instances.dataPoint(
                            counted(Labels.of("event", event, "function", pool.function()), (double) count)));
            Labels labels = Labels.of("function", pool.function());
            starting.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(labels)
                    .value(pool.starting())
                    .build());
            times.dataPoint(SummarySnapshot.SummaryDataPointSnapshot.builder()
                    .labels(labels)
                    .count(pool.started())
                    .sum(pool.startSeconds())
                    .build());
        }
        all.metricSnapshot(instances.build());
        all.metricSnapshot(starting.build());
        all.metricSnapshot(times.build());
    }

    private static CounterSnapshot.CounterDataPointSnapshot served(FunctionMetrics of, String hops, long count) {
        return CounterSnapshot.CounterDataPointSnapshot.builder()
                .labels(Labels.of("function", of.function(), "hops", hops))
                .value((double) count)
                .build();
    }

    private void nacks(MetricSnapshots.Builder all) {
        CounterSnapshot.Builder nacks = CounterSnapshot.builder()
                .name("fluid_instance_nacks")
                .help("Requests that instances have turned down before they started.");
        CounterSnapshot.Builder reroutes = CounterSnapshot.builder()
                .name("fluid_router_reroutes")
                .help("Requests that were sent to another instance, by the reason of the nack.");
        for (NackReason reason : NackReason.values()) {
            Labels labels = Labels.of("reason", RouterMetrics.word(reason));
            nacks.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(labels)
                    .value((double) context.metrics().nacks(reason))
                    .build());
            reroutes.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(labels)
                    .value((double) context.metrics().reroutes(reason))
                    .build());
        }
        all.metricSnapshot(nacks.build());
        all.metricSnapshot(reroutes.build());
    }

    private void instances(MetricSnapshots.Builder all) {
        GaugeSnapshot.Builder signals = GaugeSnapshot.builder()
                .name("fluid_instance_signal")
                .help("Share of a health signal's threshold that is still free; the tightest instance of a function.");
        Map<Labels, Integer> tightest = new HashMap<>();
        int tasks = 0;
        for (Instance instance : context.instances().all()) {
            Health health = instance.health();
            if (health == null) {
                continue;
            }
            tasks += health.tasksAfterResponse();
            for (Health.Signal signal : health.signals()) {
                if (signal.status() != Health.Status.UNAVAILABLE) {
                    Labels labels = Labels.of("function", instance.function(), "signal", signal.name());
                    tightest.merge(labels, signal.headroomThousandths(), Math::min);
                }
            }
        }
        for (Map.Entry<Labels, Integer> entry : tightest.entrySet()) {
            signals.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(entry.getKey())
                    .value(entry.getValue() / 1000.0)
                    .build());
        }
        all.metricSnapshot(signals.build());
        all.metricSnapshot(GaugeSnapshot.builder()
                .name("fluid_wait_until_tasks")
                .help("Tasks that go on after their response, on all connected instances.")
                .dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                        .labels(Labels.of("state", "running"))
                        .value(tasks)
                        .build())
                .build());
    }

    private void tunnels(MetricSnapshots.Builder all) {
        all.metricSnapshot(gauge(
                "fluid_tunnel_sessions",
                "Tunnels that instances hold to this router.",
                context.instances().sessions()));
        Fleet fleet = context.fleet();
        all.metricSnapshot(gauge(
                "fluid_router_peer_tunnels",
                "Tunnels that this router holds to others.",
                fleet == null ? 0 : fleet.tunnels().connected()));
        all.metricSnapshot(gauge(
                "fluid_tunnel_committed_bytes",
                "Body octets that instances may have lying here; fluid.tunnel.byte-budget bounds them.",
                (double) committedBytes.getAsLong()));
        Session.Traffic now = traffic.get();
        all.metricSnapshot(CounterSnapshot.builder()
                .name("fluid_tunnel_bytes")
                .help("Octets on all tunnels, closed ones included.")
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .labels(Labels.of("direction", "in"))
                        .value((double) now.bytesIn())
                        .build())
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .labels(Labels.of("direction", "out"))
                        .value((double) now.bytesOut())
                        .build())
                .build());
        all.metricSnapshot(CounterSnapshot.builder()
                .name("fluid_tunnel_reconnects")
                .help("Instances that have come back after all their tunnels were lost.")
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .value((double) context.metrics().reconnects().getCount())
                        .build())
                .build());
    }

    private void usage(MetricSnapshots.Builder all) {
        CounterSnapshot.Builder memory = CounterSnapshot.builder()
                .name("fluid_provisioned_memory_byte_seconds")
                .help("Size of the instances times the time with at least one request in flight, once per instance.");
        CounterSnapshot.Builder cpu = CounterSnapshot.builder()
                .name("fluid_instance_cpu_seconds")
                .unit(Unit.SECONDS)
                .help("CPU time of the instances' processes by what it was for; the kinds add up to the whole.");
        accounting.ledger().instanceTotals().forEach((function, total) -> {
            memory.dataPoint(counted(Labels.of("function", function), total.memoryByteSeconds()));
            long other = total.processCpuNanos()
                    - total.gcCpuNanos()
                    - total.jitCpuNanos()
                    - total.tunnelCpuNanos()
                    - total.requestCpuNanos();
            Map.of(
                            "gc", total.gcCpuNanos(),
                            "jit", total.jitCpuNanos(),
                            "tunnel", total.tunnelCpuNanos(),
                            "requests", total.requestCpuNanos(),
                            "other", Math.max(0, other))
                    .forEach((kind, nanos) ->
                            cpu.dataPoint(counted(Labels.of("function", function, "kind", kind), nanos / 1e9)));
        });
        all.metricSnapshot(memory.build());
        all.metricSnapshot(cpu.build());
        UsageLedger.State state = accounting.ledger().state();
        all.metricSnapshot(counter(
                "fluid_log_lines",
                "Log lines that instances sent.",
                accounting.logs().lines()));
        all.metricSnapshot(counter(
                "fluid_log_lines_dropped",
                "Log lines dropped: by instances, or here to make room.",
                accounting.logs().dropped()));
        all.metricSnapshot(counter("fluid_usage_batches", "Batches of the usage ledger written.", state.batches()));
        all.metricSnapshot(counter(
                "fluid_usage_write_failures", "Times the usage ledger could not be written.", state.failures()));
        all.metricSnapshot(counter(
                "fluid_usage_lost_rows", "Rows that found no room while the ledger was away.", state.lostRows()));
        all.metricSnapshot(gauge(
                "fluid_usage_waiting_rows", "Rows in memory that wait for the usage ledger.", state.waitingRows()));
        all.metricSnapshot(gauge(
                "fluid_usage_behind_seconds",
                "Time since the usage ledger held all that was known.",
                state.behindSeconds()));
    }

    private static CounterSnapshot counter(String name, String help, long value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(counted(Labels.EMPTY, (double) value))
                .build();
    }

    private static CounterSnapshot.CounterDataPointSnapshot counted(Labels labels, double value) {
        return CounterSnapshot.CounterDataPointSnapshot.builder()
                .labels(labels)
                .value(value)
                .build();
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                        .value(value)
                        .build())
                .build();
    }

    private static HistogramSnapshot.HistogramDataPointSnapshot histogram(DurationHistogram from, Labels labels) {
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        double[] bounds = DurationHistogram.bounds();
        long[] counts = from.counts();
        for (int i = 0; i < bounds.length; i++) {
            buckets.bucket(bounds[i], counts[i]);
        }
        buckets.bucket(Double.POSITIVE_INFINITY, counts[bounds.length]);
        return HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(buckets.build())
                .sum(from.sumSeconds())
                .labels(labels)
                .build();
    }

    private static String version() {
        String version = MetricsText.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }
}
