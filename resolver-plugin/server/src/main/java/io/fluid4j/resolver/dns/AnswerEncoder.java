/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution.Route;
import io.fluid4j.spi.resolve.RouterAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Address;
import org.xbill.DNS.DClass;
import org.xbill.DNS.HINFORecord;
import org.xbill.DNS.HTTPSRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.SVCBBase.ParameterBase;
import org.xbill.DNS.SVCBBase.ParameterIpv4Hint;
import org.xbill.DNS.SVCBBase.ParameterIpv6Hint;
import org.xbill.DNS.SVCBBase.ParameterPort;
import org.xbill.DNS.SVCBRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/** Makes the records of a name with dnsjava and encodes them. Used when something has changed, never for a query. */
final class AnswerEncoder {

    /** Records of one type at most: the nearest routers with the most room. */
    private static final int MAX_RECORDS = 16;
    /** Orders of the same addresses, so that clients which take the first one spread. */
    private static final int MAX_TURNS = 4;

    private static final int MAX_WEIGHT = 65_535;
    private static final int MAX_TEXT = 255;
    private static final int HEADER = 12;
    private static final int TYPE_AND_CLASS = 4;

    private final Name routersDomain;
    private final long ttlSeconds;

    AnswerEncoder(Name routersDomain, long ttlSeconds) {
        this.routersDomain = routersDomain;
        this.ttlSeconds = ttlSeconds;
    }

    /**
     * A, AAAA, HTTPS, SVCB and TXT of a function's own name. Most changes are of a capacity, which only TXT shows: what the
     * change does not touch is taken over.
     *
     * @param owner the name
     * @param routes its routes now, not empty
     * @param before its entry until now, null when there was none
     * @param routesBefore the routes that was made of; empty when there was none
     */
    NameEntry function(Name owner, List<Route> routes, @Nullable NameEntry before, List<Route> routesBefore) {
        @Nullable Answer[][] answers = new Answer[NameEntry.SLOTS][];
        List<Route> nearest = nearestWithRoom(routes);
        if (before != null && same(nearest, nearestWithRoom(routesBefore), nearest.size() > MAX_TURNS)) {
            answers[NameEntry.A] = before.answers(NameEntry.A);
            answers[NameEntry.AAAA] = before.answers(NameEntry.AAAA);
        } else {
            List<Record> v4 = new ArrayList<>();
            List<Record> v6 = new ArrayList<>();
            for (Route route : nearest) {
                addAddress(owner, address(route.registration().router()), v4, v6);
            }
            answers[NameEntry.A] = turns(owner, Type.A, v4);
            answers[NameEntry.AAAA] = turns(owner, Type.AAAA, v6);
        }
        if (before != null && same(first(routes), first(routesBefore), false)) {
            answers[NameEntry.HTTPS] = before.answers(NameEntry.HTTPS);
            answers[NameEntry.SVCB] = before.answers(NameEntry.SVCB);
        } else {
            addBindings(owner, first(routes), answers);
        }
        List<Record> text = new ArrayList<>();
        for (Route route : first(routes)) {
            text.add(new TXTRecord(owner, DClass.IN, ttlSeconds, text(route)));
        }
        answers[NameEntry.TXT] = one(owner, Type.TXT, text, List.of());
        return new NameEntry(wire(owner), answers);
    }

    private void addBindings(Name owner, List<Route> routes, @Nullable Answer[][] answers) {
        List<Record> https = new ArrayList<>();
        List<Record> svcb = new ArrayList<>();
        for (Route route : routes) {
            Name target = target(route.registration().router());
            if (target != null) {
                int priority = route.tier() + 1;
                List<ParameterBase> parameters = parameters(route.registration().router());
                https.add(new HTTPSRecord(owner, DClass.IN, ttlSeconds, priority, target, parameters));
                svcb.add(new SVCBRecord(owner, DClass.IN, ttlSeconds, priority, target, parameters));
            }
        }
        answers[NameEntry.HTTPS] = one(owner, Type.HTTPS, https, List.of());
        answers[NameEntry.SVCB] = one(owner, Type.SVCB, svcb, List.of());
    }

    /** Whether the same routers are there at the same addresses and tiers. Their order counts where not each has its turn. */
    private static boolean same(List<Route> now, List<Route> before, boolean inOrder) {
        if (now.size() != before.size()) {
            return false;
        }
        for (int i = 0; i < now.size(); i++) {
            Route route = now.get(i);
            boolean there = same(route, before.get(i));
            for (int j = 0; !there && !inOrder && j < before.size(); j++) {
                there = same(route, before.get(j));
            }
            if (!there) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(Route route, Route other) {
        return route.tier() == other.tier()
                && route.registration().router().equals(other.registration().router());
    }

    /** SRV of a function, with the addresses of its routers. */
    NameEntry service(Name owner, List<Route> routes) {
        List<Record> services = new ArrayList<>();
        List<Record> addresses = new ArrayList<>();
        for (Route route : first(routes)) {
            Registration registration = route.registration();
            RouterAddress router = registration.router();
            Name target = target(router);
            if (target != null) {
                int weight = Math.min(MAX_WEIGHT, registration.capacity());
                services.add(
                        new SRVRecord(owner, DClass.IN, ttlSeconds, route.tier(), weight, router.httpPort(), target));
                InetAddress address = address(router);
                if (address != null) {
                    addAddress(target, address, addresses, addresses);
                }
            }
        }
        @Nullable Answer[][] answers = new Answer[NameEntry.SLOTS][];
        answers[NameEntry.SRV] = one(owner, Type.SRV, services, addresses);
        return new NameEntry(wire(owner), answers);
    }

    /** The address of a router's own name; null when it is known by another name already. */
    @Nullable
    NameEntry router(RouterAddress router) {
        InetAddress address = address(router);
        Name owner = target(router);
        if (address == null || owner == null) {
            return null;
        }
        List<Record> v4 = new ArrayList<>();
        List<Record> v6 = new ArrayList<>();
        addAddress(owner, address, v4, v6);
        return records(owner, List.of(v4, v6));
    }

    /** Records of any kinds that are served; each list of one type. */
    NameEntry records(Name owner, List<List<Record>> lists) {
        @Nullable Answer[][] answers = new Answer[NameEntry.SLOTS][];
        for (List<Record> records : lists) {
            if (!records.isEmpty()) {
                int type = records.get(0).getType();
                answers[NameEntry.slot(type)] = one(owner, type, records, List.of());
            }
        }
        return new NameEntry(wire(owner), answers);
    }

    /** The one answer to ANY, for every name: RFC 8482, section 4.2. */
    static Answer any(long ttlSeconds) {
        Name owner = Name.fromConstantString("a.");
        return encode(
                owner, Type.ANY, List.of(new HINFORecord(owner, DClass.IN, ttlSeconds, "RFC8482", "")), List.of());
    }

    /** The name of a router in SRV targets: its own host name, or one below the zone for an address. */
    @Nullable
    Name target(RouterAddress router) {
        try {
            if (address(router) == null) {
                return Name.fromString(router.httpHost(), Name.root);
            }
            return Name.concatenate(Name.fromString(router.router()), routersDomain);
        } catch (TextParseException | NameTooLongException e) {
            // Such a name cannot be said in DNS; HTTP look-ups have it.
            return null;
        }
    }

    static byte[] wire(Name name) {
        return name.toWireCanonical();
    }

    private static @Nullable InetAddress address(RouterAddress router) {
        try {
            return Address.getByAddress(router.httpHost());
        } catch (UnknownHostException e) {
            return null;
        }
    }

    private void addAddress(Name owner, @Nullable InetAddress address, List<Record> v4, List<Record> v6) {
        if (address instanceof Inet4Address) {
            v4.add(new ARecord(owner, DClass.IN, ttlSeconds, address));
        } else if (address != null) {
            v6.add(new AAAARecord(owner, DClass.IN, ttlSeconds, address));
        }
    }

    private static List<Route> first(List<Route> routes) {
        return routes.subList(0, Math.min(MAX_RECORDS, routes.size()));
    }

    /** Plain addresses have neither priority nor weight: those of the nearest tier that has room, or of the nearest. */
    private static List<Route> nearestWithRoom(List<Route> routes) {
        int tier = routes.get(0).tier();
        for (Route route : routes) {
            if (route.registration().capacity() > 0) {
                tier = route.tier();
                break;
            }
        }
        boolean room = false;
        List<Route> nearest = new ArrayList<>();
        for (Route route : routes) {
            if (route.tier() == tier) {
                nearest.add(route);
                room |= route.registration().capacity() > 0;
            }
        }
        if (room) {
            nearest.removeIf(route -> route.registration().capacity() == 0);
        }
        return first(nearest);
    }

    private static List<ParameterBase> parameters(RouterAddress router) {
        List<ParameterBase> parameters = new ArrayList<>();
        parameters.add(new ParameterPort(router.httpPort()));
        InetAddress address = address(router);
        if (address instanceof Inet4Address v4) {
            parameters.add(new ParameterIpv4Hint(List.of(v4)));
        } else if (address instanceof Inet6Address v6) {
            parameters.add(new ParameterIpv6Hint(List.of(v6)));
        }
        return parameters;
    }

    private static List<String> text(Route route) {
        Registration registration = route.registration();
        String router = "router=" + registration.router().router();
        return List.of(
                router.length() > MAX_TEXT ? router.substring(0, MAX_TEXT) : router,
                "tier=" + route.tier(),
                "tunnels=" + registration.tunnels(),
                "capacity=" + registration.capacity());
    }

    private static Answer @Nullable [] turns(Name owner, int type, List<Record> records) {
        if (records.isEmpty()) {
            return null;
        }
        Answer[] turns = new Answer[Math.min(MAX_TURNS, records.size())];
        List<Record> turned = new ArrayList<>(records);
        for (int i = 0; i < turns.length; i++) {
            turns[i] = encode(owner, type, turned, List.of());
            Collections.rotate(turned, -1);
        }
        return turns;
    }

    private static Answer @Nullable [] one(Name owner, int type, List<Record> records, List<Record> additionals) {
        return records.isEmpty() ? null : new Answer[] {encode(owner, type, records, additionals)};
    }

    private static Answer encode(Name owner, int type, List<Record> records, List<Record> additionals) {
        Message message = new Message(0);
        message.addRecord(Record.newRecord(owner, type, DClass.IN), Section.QUESTION);
        records.forEach(record -> message.addRecord(record, Section.ANSWER));
        int question = HEADER + owner.length() + TYPE_AND_CLASS;
        byte[] answers = message.toWire();
        byte[] all = answers;
        if (!additionals.isEmpty()) {
            additionals.forEach(record -> message.addRecord(record, Section.ADDITIONAL));
            all = message.toWire();
        }
        byte[] sections = new byte[all.length - question];
        System.arraycopy(all, question, sections, 0, sections.length);
        return new Answer(sections, answers.length - question, records.size(), additionals.size());
    }

    /** Everything of a record behind its owner's name. */
    static byte[] withoutOwner(Record record) {
        byte[] whole = record.toWire(Section.AUTHORITY);
        int owner = record.getName().length();
        byte[] rest = new byte[whole.length - owner];
        System.arraycopy(whole, owner, rest, 0, rest.length);
        return rest;
    }

    static Name parse(String text) {
        try {
            return Name.fromString(text, Name.root);
        } catch (IOException e) {
            throw new UncheckedIOException("name \"" + text + "\"", e);
        }
    }
}
