/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance.internal.signal;

import io.fluid4j.spi.health.Reading;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * Threads that wait for a connection, in the database pool that has most of them, as the management beans of HikariCP, Tomcat
 * JDBC and DBCP (Commons Pool) say. Beans are looked for now and then, and read each time.
 */
final class DatabasePools implements BuiltInSignal.Source {

    private static final long SEARCH_NANOS = 5_000_000_000L;

    private record Kind(String pattern, String attribute) {}

    private record Pool(ObjectName name, String attribute) {}

    private static final List<Kind> KINDS = List.of(
            new Kind("com.zaxxer.hikari:type=Pool *", "ThreadsAwaitingConnection"),
            new Kind("*:type=ConnectionPool,*", "WaitCount"),
            new Kind("*:type=DataSource,connectionpool=connections,*", "NumWaiters"),
            new Kind("*:type=GenericObjectPool,*", "NumWaiters"),
            new Kind("*:connectionpool=connections,*", "NumWaiters"));

    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
    private List<Pool> pools = List.of();
    private boolean searched;
    private long searchedNanos;

    @Override
    public Reading read(long nowNanos) throws JMException {
        if (!searched || nowNanos - searchedNanos > SEARCH_NANOS) {
            pools = search();
            searched = true;
            searchedNanos = nowNanos;
        }
        if (pools.isEmpty()) {
            return Reading.unavailable("no pool is registered in JMX");
        }
        long most = 0;
        for (Pool pool : pools) {
            try {
                if (beans.getAttribute(pool.name, pool.attribute) instanceof Number waiting) {
                    most = Math.max(most, waiting.longValue());
                }
            } catch (InstanceNotFoundException e) {
                searched = false; // The pool is gone: search again next time.
            }
        }
        return Reading.of((double) most);
    }

    private List<Pool> search() throws JMException {
        List<Pool> found = new ArrayList<>();
        for (Kind kind : KINDS) {
            for (ObjectName name : beans.queryNames(new ObjectName(kind.pattern), null)) {
                boolean readable = java.util.Arrays.stream(
                                beans.getMBeanInfo(name).getAttributes())
                        .anyMatch(attribute -> attribute.getName().equals(kind.attribute));
                if (readable) {
                    found.add(new Pool(name, kind.attribute));
                }
            }
        }
        return found;
    }
}
