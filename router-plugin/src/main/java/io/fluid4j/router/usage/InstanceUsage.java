/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

/**
 * What a process of an instance has used since its boot, as it told last. The values only grow, so that several routers
 * may write down the same instance and nothing counts twice. Times are in nanoseconds.
 *
 * @param instanceId which process
 * @param function what it serves
 * @param deployment which deployment of that
 * @param memoryBytes its size, 0 when not known
 * @param processorThousandths how many it may use, in thousandths; 0 when not known
 * @param processCpuNanos processor time of the whole process
 * @param gcCpuNanos of that, collecting garbage
 * @param jitCpuNanos of that, compiling
 * @param tunnelCpuNanos of that, selectors and timers of the tunnel
 * @param requestCpuNanos of that, measured in requests or given to them by share
 * @param busyNanos time with at least one request, or work behind one, in flight
 * @param upNanos time since its boot
 */
public record InstanceUsage(
        String instanceId,
        String function,
        String deployment,
        long memoryBytes,
        int processorThousandths,
        long processCpuNanos,
        long gcCpuNanos,
        long jitCpuNanos,
        long tunnelCpuNanos,
        long requestCpuNanos,
        long busyNanos,
        long upNanos) {

    /** The same as a database can hold it. */
    InstanceUsage storable() {
        return new InstanceUsage(
                UsageKey.storable(instanceId),
                UsageKey.storable(function),
                UsageKey.storable(deployment),
                memoryBytes,
                processorThousandths,
                processCpuNanos,
                gcCpuNanos,
                jitCpuNanos,
                tunnelCpuNanos,
                requestCpuNanos,
                busyNanos,
                upNanos);
    }
}
