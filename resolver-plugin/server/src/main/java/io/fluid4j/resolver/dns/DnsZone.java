/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolution.Route;
import io.fluid4j.spi.resolve.Resolver;
import io.fluid4j.spi.resolve.RouterAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.TextParseException;

/**
 * The zone: what each of its names is answered, kept in step with a {@link Resolver}. The resolver's thread writes,
 * responders read.
 *
 * <pre>
 *   FUNCTION.ZONE              A, AAAA, HTTPS, SVCB, TXT
 *   _http._tcp.FUNCTION.ZONE   SRV
 *   ROUTER.routers.ZONE        A or AAAA, for routers that are known by an address
 *   ZONE                       SOA, NS
 * </pre>
 */
final class DnsZone implements Resolver.Listener {

    /** Consumers ask again every second at most: what they know is never older. */
    static final long TTL_SECONDS = 1;

    private static final String ROUTERS = "routers";
    private static final Name SERVICES = Name.fromConstantString("_http._tcp");
    private static final long REFRESH_SECONDS = 3_600;
    private static final long RETRY_SECONDS = 600;
    private static final long EXPIRE_SECONDS = 86_400;

    /** A name that exists: because it has records, or because of names below it. */
    private static final class Node {
        @Nullable
        NameEntry entry;

        int children;
    }

    /** A router, for as long as some function names it. */
    private static final class KnownRouter {
        RouterAddress address;
        int functions;

        KnownRouter(RouterAddress address) {
            this.address = address;
        }
    }

    private final Name origin;
    private final byte[] originWire;
    private final Name routersDomain;
    private final byte[] soa;
    private final Answer any = AnswerEncoder.any(TTL_SECONDS);
    private final AnswerEncoder encoder;
    private final NameTable table = new NameTable();
    private final BooleanSupplier stale;
    // Used by the writer only:
    private final Map<Name, Node> nodes = new HashMap<>();
    private final Map<String, Resolution> published = new HashMap<>();
    private final Map<String, KnownRouter> routers = new HashMap<>();

    /**
     * An empty zone.
     *
     * @param zone its name
     * @param stale whether answers may be out of date
     */
    DnsZone(String zone, BooleanSupplier stale) {
        this.origin = AnswerEncoder.parse(zone);
        this.originWire = AnswerEncoder.wire(origin);
        this.routersDomain = below(ROUTERS);
        this.encoder = new AnswerEncoder(routersDomain, TTL_SECONDS);
        this.stale = stale;
        Name server = below("ns");
        SOARecord start = new SOARecord(
                origin,
                DClass.IN,
                TTL_SECONDS,
                server,
                below("hostmaster"),
                1,
                REFRESH_SECONDS,
                RETRY_SECONDS,
                EXPIRE_SECONDS,
                TTL_SECONDS);
        this.soa = AnswerEncoder.withoutOwner(start);
        set(
                origin,
                encoder.records(
                        origin,
                        List.of(List.of(start), List.of(new NSRecord(origin, DClass.IN, TTL_SECONDS, server)))));
    }

    NameTable table() {
        return table;
    }

    boolean stale() {
        return stale.getAsBoolean();
    }

    Answer anyAnswer() {
        return any;
    }

    byte[] soaWithoutOwner() {
        return soa;
    }

    int nameLength() {
        return originWire.length;
    }

    /** Whether a well-formed name ends with the name of the zone. */
    boolean contains(ByteBuffer message, int start, int length) {
        int at = start;
        int left = length;
        while (left > originWire.length) {
            int label = (message.get(at) & 0xff) + 1;
            at += label;
            left -= label;
        }
        if (left != originWire.length) {
            return false;
        }
        for (int i = 0; i < left; i++) {
            if (NameEntry.lowerCase(message.get(at + i)) != originWire[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void onChange(String function, @Nullable Resolution resolution) {
        Name name = nameOf(function);
        if (name == null) {
            return;
        }
        Resolution before = resolution == null ? published.remove(function) : published.put(function, resolution);
        // New routers first and old ones last, so that no answer names a router that is not there.
        if (resolution != null) {
            resolution.routes().forEach(route -> hold(route.registration().router()));
            Node node = nodes.get(name);
            set(
                    name,
                    encoder.function(
                            name,
                            resolution.routes(),
                            node == null || before == null ? null : node.entry,
                            before == null ? List.of() : before.routes()));
            Name service = concatenate(SERVICES, name);
            if (service != null) {
                set(service, encoder.service(service, resolution.routes()));
            }
        } else {
            set(name, null);
            Name service = concatenate(SERVICES, name);
            if (service != null) {
                set(service, null);
            }
        }
        if (before != null) {
            for (Route route : before.routes()) {
                release(route.registration().router().router());
            }
        }
    }

    /** The name of a function; null when DNS cannot say it, or would take it for a router. */
    private @Nullable Name nameOf(String function) {
        if (function.equals(ROUTERS) || function.endsWith("." + ROUTERS)) {
            return null;
        }
        try {
            return Name.concatenate(Name.fromString(function), origin);
        } catch (TextParseException | NameTooLongException e) {
            return null;
        }
    }

    private void hold(RouterAddress address) {
        KnownRouter known = routers.get(address.router());
        if (known == null) {
            known = new KnownRouter(address);
            routers.put(address.router(), known);
            publishRouter(address);
        } else if (!known.address.equals(address)) {
            unpublishRouter(known.address);
            known.address = address;
            publishRouter(address);
        }
        known.functions++;
    }

    private void release(String router) {
        KnownRouter known = routers.get(router);
        if (known != null && --known.functions == 0) {
            routers.remove(router);
            unpublishRouter(known.address);
        }
    }

    private void publishRouter(RouterAddress address) {
        NameEntry entry = encoder.router(address);
        Name name = encoder.target(address);
        if (entry != null && name != null) {
            set(name, entry);
        }
    }

    private void unpublishRouter(RouterAddress address) {
        Name name = encoder.target(address);
        if (name != null && encoder.router(address) != null) {
            set(name, null);
        }
    }

    /** Sets the records of a name, or takes them away. Names above it come and go with it. */
    private void set(Name name, @Nullable NameEntry entry) {
        Node node = nodes.get(name);
        if (node == null) {
            if (entry == null) {
                return;
            }
            node = new Node();
            nodes.put(name, node);
            countChild(name, 1);
        }
        node.entry = entry;
        publish(name, node);
    }

    private void publish(Name name, Node node) {
        NameEntry entry = node.entry;
        if (entry != null) {
            table.put(entry);
            return;
        }
        NameEntry nothing = new NameEntry(AnswerEncoder.wire(name), new Answer[NameEntry.SLOTS][]);
        if (node.children > 0) {
            table.put(nothing);
            return;
        }
        table.remove(nothing);
        nodes.remove(name);
        countChild(name, -1);
    }

    private void countChild(Name name, int difference) {
        if (name.equals(origin)) {
            return;
        }
        Name parent = new Name(name, 1);
        Node node = nodes.get(parent);
        if (node == null) {
            node = new Node();
            nodes.put(parent, node);
            countChild(parent, 1);
        }
        node.children += difference;
        publish(parent, node);
    }

    private Name below(String label) {
        return AnswerEncoder.parse(label + "." + origin);
    }

    private static @Nullable Name concatenate(Name prefix, Name suffix) {
        try {
            return Name.concatenate(prefix, suffix);
        } catch (NameTooLongException e) {
            return null;
        }
    }
}
