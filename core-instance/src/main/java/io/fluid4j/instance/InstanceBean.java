/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static java.lang.System.Logger.Level.WARNING;

import io.fluid4j.frame.NackReason;
import io.fluid4j.tunnel.Session;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/** The instance in JMX. Thread-safe. */
final class InstanceBean implements InstanceMXBean {

    private static final System.Logger LOG = System.getLogger("io.fluid4j.instance");
    private static final String NAME = "io.fluid4j:type=Instance";

    private final InstanceRuntime runtime;
    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    private @Nullable ObjectName registered;

    InstanceBean(InstanceRuntime runtime) {
        this.runtime = runtime;
    }

    /** Registers the bean; a second instance of the same JVM gets its id in the name. */
    synchronized void register() {
        try {
            try {
                registered = beans.registerMBean(this, new ObjectName(NAME)).getObjectName();
            } catch (InstanceAlreadyExistsException e) {
                registered = beans.registerMBean(this, new ObjectName(NAME + ",id=" + runtime.instanceId()))
                        .getObjectName();
            }
        } catch (JMException e) {
            LOG.log(WARNING, "the management bean " + NAME + " cannot be registered", e);
        }
    }

    synchronized void unregister() {
        ObjectName name = registered;
        if (name == null) {
            return;
        }
        registered = null;
        try {
            beans.unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            LOG.log(WARNING, "somebody else unregistered {0}", name);
        } catch (JMException e) {
            LOG.log(WARNING, "the management bean " + name + " cannot be unregistered", e);
        }
    }

    @Override
    public String getInstanceId() {
        return runtime.instanceId();
    }

    @Override
    public String getFunction() {
        return runtime.parts().identity().function();
    }

    @Override
    public String getDeployment() {
        return runtime.parts().identity().deployment();
    }

    @Override
    public String getState() {
        return runtime.state().name().toLowerCase(Locale.ROOT);
    }

    @Override
    public int getInFlight() {
        return runtime.inFlight();
    }

    @Override
    public int getLimit() {
        return runtime.parts().admission().limit();
    }

    @Override
    public long getEnded() {
        return runtime.parts().admission().ended();
    }

    @Override
    public Map<String, Long> getNacks() {
        Map<String, Long> nacks = new TreeMap<>();
        for (NackReason reason : NackReason.values()) {
            long count = runtime.nacks(reason);
            if (count > 0) {
                nacks.put(reason.name().toLowerCase(Locale.ROOT).replace('_', '-'), count);
            }
        }
        return nacks;
    }

    @Override
    public Map<String, String> getSignals() {
        Map<String, String> signals = new TreeMap<>();
        for (WatchedSignal.Standing standing : runtime.parts().health().standings()) {
            String unavailable = standing.reading().unavailable();
            signals.put(
                    standing.name(),
                    unavailable != null
                            ? "unavailable: " + unavailable
                            : standing.reading().value() + " of " + standing.threshold()
                                    + (standing.breached() ? ": breached" : ""));
        }
        return signals;
    }

    @Override
    public List<String> getTunnels() {
        return runtime.links().sessions().stream()
                .map(Session::remoteAddress)
                .map(String::valueOf)
                .sorted()
                .toList();
    }

    @Override
    public long getReconnects() {
        return runtime.links().reconnects();
    }

    @Override
    public int getTasksAfterResponse() {
        return runtime.parts().accounts().afterResponse().pending();
    }

    @Override
    public Map<String, Long> getTaskOutcomes() {
        AfterResponse tasks = runtime.parts().accounts().afterResponse();
        return Map.of("succeeded", tasks.succeeded(), "failed", tasks.failed(), "timed-out", tasks.timedOut());
    }

    @Override
    public Map<String, Long> getCpuNanos() {
        return runtime.parts().meter().latest();
    }

    @Override
    public Map<String, Integer> getContainerPool() {
        PoolProbe pool = runtime.parts().poolProbe();
        return pool == null
                ? Map.of()
                : Map.of("busy", pool.busyThreads(), "max", pool.maxThreads(), "queued", pool.queuedTasks());
    }
}
