/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.client;

import io.fluid4j.spi.resolve.DialOrder;
import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.RecordChange;
import io.fluid4j.spi.resolve.RecordWatcher;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Registrations as JSON: the bodies of {@code /v1/registrations}, the lines of {@code /v1/watch}, and what the etcd store
 * writes. One place, so that all ends agree. What reads throws {@link IllegalArgumentException} naming what is wrong.
 *
 * <pre>
 * {"relist":true,"revision":"E.N","storeAgeMs":…,"registrations":[R…]}     everything
 * {"revision":"E.N","changes":[{"function":…,"router":…,"registration":R}]} what has changed; null: gone
 * {"revision":"E.N"}                                                       nothing new; still here
 * {"stale":true,"reason":…}                                                the store cannot be reached
 * </pre>
 */
public final class RecordJson {

    private static final String DEFAULT_DEPLOYMENT = "default";
    private static final double MILLIS = 1_000.0;

    private RecordJson() {}

    /**
     * Body of a registration that replaces.
     *
     * @param router the router; its name is not part of the body
     * @param ttl how long it counts
     * @param holdings what it holds
     */
    public static String registration(RouterAddress router, Duration ttl, List<Holding> holdings) {
        Map<String, @Nullable Object> map = address(router);
        map.put("ttlSeconds", seconds(ttl));
        map.put("functions", functions(holdings));
        return Json.text(map);
    }

    /** Body of a registration that changes; empty: renews. */
    public static String changes(List<Holding> holdings) {
        return holdings.isEmpty() ? "{}" : Json.text(Map.of("functions", functions(holdings)));
    }

    /** The router of a body, by the name of its path. */
    public static RouterAddress router(String name, Map<String, @Nullable Object> body) {
        return new RouterAddress(
                name, string(body, "http"), string(body, "tunnel"), string(body, "region"), string(body, "zone"));
    }

    /** The time to live of a body; {@link Registration#DEFAULT_TTL} when it does not say. */
    public static Duration ttl(Map<String, @Nullable Object> body) {
        Object value = body.get("ttlSeconds");
        if (value == null) {
            return Registration.DEFAULT_TTL;
        }
        if (value instanceof Number number) {
            return Registration.checkTtl(Duration.ofMillis(Math.round(number.doubleValue() * MILLIS)));
        }
        throw new IllegalArgumentException("ttlSeconds (expected: a number)");
    }

    /** What a body says about functions. */
    public static List<Holding> holdings(Map<String, @Nullable Object> body) {
        List<Holding> holdings = new ArrayList<>();
        for (Object element : list(body, "functions")) {
            Map<String, @Nullable Object> function = Json.object(element, "functions[]");
            int tunnels = integer(function, "tunnels", 1);
            Object deployment = function.get("deployment");
            String version = deployment != null ? deployment.toString() : tunnels == 0 ? "" : DEFAULT_DEPLOYMENT;
            holdings.add(new Holding(string(function, "name"), version, tunnels, integer(function, "capacity", 0)));
        }
        return holdings;
    }

    /**
     * Reads from the answer for a function where its instances should dial.
     *
     * @throws IllegalArgumentException when it is no such answer
     */
    static DialOrder dialOrder(String body) {
        Map<String, @Nullable Object> answer = Json.parseObject(body);
        List<String> routers = new ArrayList<>();
        for (Object element : list(answer, "dial")) {
            routers.add(string(Json.object(element, "dial[]"), "router"));
        }
        return new DialOrder(Revision.parse(string(answer, "revision")), routers);
    }

    /** One registration with everything, as lines and records have it. */
    public static Map<String, @Nullable Object> registration(Registration registration) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("function", registration.function());
        map.put("router", registration.router().router());
        map.putAll(address(registration.router()));
        map.put("ttlSeconds", seconds(registration.ttl()));
        map.put("revision", registration.revision().toString());
        map.put("deployments", deployments(registration));
        return map;
    }

    /** Reads what {@link #registration(Registration)} made. */
    public static Registration registration(@Nullable Object value) {
        Map<String, @Nullable Object> map = Json.object(value, "registration");
        String function = string(map, "function");
        List<Holding> holdings = new ArrayList<>();
        for (Object element : list(map, "deployments")) {
            Map<String, @Nullable Object> deployment = Json.object(element, "deployments[]");
            holdings.add(new Holding(
                    function,
                    string(deployment, "deployment"),
                    integer(deployment, "tunnels", 0),
                    integer(deployment, "capacity", 0)));
        }
        return new Registration(
                function,
                router(string(map, "router"), map),
                holdings,
                ttl(map),
                Revision.parse(string(map, "revision")));
    }

    /** The deployments of a registration. */
    public static List<Object> deployments(Registration registration) {
        List<Object> deployments = new ArrayList<>();
        for (Holding holding : registration.deployments()) {
            Map<String, Object> deployment = new LinkedHashMap<>();
            deployment.put("deployment", holding.deployment());
            deployment.put("tunnels", holding.tunnels());
            deployment.put("capacity", holding.capacity());
            deployments.add(deployment);
        }
        return deployments;
    }

    /** A line that says everything. */
    public static String relist(Revision revision, Duration storeAge, List<Registration> all) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("relist", true);
        map.put("revision", revision.toString());
        map.put("storeAgeMs", storeAge.toMillis());
        List<Object> registrations = new ArrayList<>(all.size());
        all.forEach(registration -> registrations.add(registration(registration)));
        map.put("registrations", registrations);
        return Json.text(map);
    }

    /** A line that says what has changed; without changes, that nothing has. */
    public static String change(Revision revision, List<RecordChange> changes) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("revision", revision.toString());
        if (!changes.isEmpty()) {
            List<Object> all = new ArrayList<>(changes.size());
            for (RecordChange change : changes) {
                Map<String, @Nullable Object> one = new LinkedHashMap<>();
                one.put("function", change.function());
                one.put("router", change.router());
                Registration registration = change.registration();
                one.put("registration", registration == null ? null : registration(registration));
                all.add(one);
            }
            map.put("changes", all);
        }
        return Json.text(map);
    }

    /** A line that says that the store cannot be reached. */
    public static String lost(String reason) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("stale", true);
        map.put("reason", reason);
        return Json.text(map);
    }

    /**
     * Reads a line and tells a watcher.
     *
     * @return the revision after it; null for a line that has none
     */
    public static @Nullable Revision tell(String line, RecordWatcher watcher) {
        Map<String, @Nullable Object> map = Json.parseObject(line);
        if (Boolean.TRUE.equals(map.get("stale"))) {
            watcher.onLost(String.valueOf(map.get("reason")));
            return null;
        }
        Revision revision = Revision.parse(string(map, "revision"));
        if (Boolean.TRUE.equals(map.get("relist"))) {
            List<Registration> all = new ArrayList<>();
            list(map, "registrations").forEach(element -> all.add(registration(element)));
            watcher.onRelist(revision, Duration.ofMillis(integer(map, "storeAgeMs", 0)), all);
            return revision;
        }
        List<RecordChange> changes = new ArrayList<>();
        for (Object element : list(map, "changes")) {
            Map<String, @Nullable Object> change = Json.object(element, "changes[]");
            Object registration = change.get("registration");
            changes.add(new RecordChange(
                    string(change, "function"),
                    string(change, "router"),
                    registration == null ? null : registration(registration)));
        }
        watcher.onChange(revision, changes);
        return revision;
    }

    private static Map<String, @Nullable Object> address(RouterAddress router) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("http", router.http());
        map.put("tunnel", router.tunnel());
        map.put("region", router.region());
        map.put("zone", router.zone());
        return map;
    }

    private static List<Object> functions(List<Holding> holdings) {
        List<Object> functions = new ArrayList<>(holdings.size());
        for (Holding holding : holdings) {
            Map<String, Object> function = new LinkedHashMap<>();
            function.put("name", holding.function());
            if (!holding.deployment().isEmpty()) {
                function.put("deployment", holding.deployment());
            }
            function.put("tunnels", holding.tunnels());
            if (holding.tunnels() > 0) {
                function.put("capacity", holding.capacity());
            }
            functions.add(function);
        }
        return functions;
    }

    private static Object seconds(Duration ttl) {
        return ttl.toMillis() % 1_000 == 0 ? (Object) ttl.toSeconds() : (Object) (ttl.toMillis() / MILLIS);
    }

    private static String string(Map<String, @Nullable Object> map, String name) {
        if (map.get(name) instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(name + " (expected: a string)");
    }

    private static int integer(Map<String, @Nullable Object> map, String name, int otherwise) {
        Object value = map.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Long number && number >= 0) {
            return (int) Math.min(Integer.MAX_VALUE, number);
        }
        throw new IllegalArgumentException(name + " (expected: a whole number of 0 or more)");
    }

    private static List<?> list(Map<String, @Nullable Object> map, String name) {
        Object value = map.get(name);
        if (value == null) {
            return List.of();
        }
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException(name + " (expected: a list)");
    }
}
