/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import io.fluid4j.spi.resolve.Holding;
import io.fluid4j.spi.resolve.Locality;
import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.Resolution;
import io.fluid4j.spi.resolve.Resolution.Route;
import io.fluid4j.spi.resolve.Revision;
import io.fluid4j.spi.resolve.RouterAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;

/** A zone with a responder, and queries made by dnsjava. */
final class Fixture {

    static final String ZONE = "fluid.internal";
    private static final Locality HERE = new Locality("eu", "a");

    volatile boolean stale;
    final DnsMetrics metrics = new DnsMetrics();
    final DnsZone zone = new DnsZone(ZONE, () -> stale);
    final DnsResponder responder;

    Fixture() {
        this(null);
    }

    Fixture(@Nullable Signatures signatures) {
        responder = new DnsResponder(zone, metrics, signatures);
    }

    static RouterAddress router(String name, String http, String region, String zone) {
        return new RouterAddress(name, http, "tls://10.9.9.9:7443", region, zone);
    }

    static Registration held(RouterAddress router, String function, int tunnels, int capacity) {
        return new Registration(
                function,
                router,
                List.of(new Holding(function, "v1", tunnels, capacity)),
                Duration.ofSeconds(30),
                new Revision(1, 1));
    }

    void publish(String function, Registration... registrations) {
        if (registrations.length == 0) {
            zone.onChange(function, null);
            return;
        }
        List<Route> routes = new ArrayList<>();
        for (Registration registration : registrations) {
            routes.add(new Route(registration, HERE.tierOf(registration.router())));
        }
        routes.sort(java.util.Comparator.comparingInt(Route::tier));
        zone.onChange(function, new Resolution(function, new Revision(1, 1), routes));
    }

    static Message query(String name, int type) {
        return Message.newQuery(Record.newRecord(Name.fromConstantString(name + "."), type, DClass.IN));
    }

    static Message queryEdns(String name, int type, int payload) {
        Message query = query(name, type);
        query.addRecord(new org.xbill.DNS.OPTRecord(payload, 0, 0), org.xbill.DNS.Section.ADDITIONAL);
        return query;
    }

    /** The octets of the response; none when nothing is sent. */
    byte[] respond(byte[] query, boolean tcp) {
        ByteBuffer message = tcp ? ByteBuffer.allocate(16_384) : ByteBuffer.allocateDirect(2_048);
        message.put(query);
        int length = responder.respond(message, query.length, tcp);
        byte[] response = new byte[length];
        message.get(0, response);
        return response;
    }

    Message ask(Message query) throws IOException {
        return new Message(respond(query.toWire(), false));
    }

    Message askTcp(Message query) throws IOException {
        return new Message(respond(query.toWire(), true));
    }
}
