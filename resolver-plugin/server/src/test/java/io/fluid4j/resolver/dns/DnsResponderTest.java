/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static io.fluid4j.resolver.dns.Fixture.held;
import static io.fluid4j.resolver.dns.Fixture.query;
import static io.fluid4j.resolver.dns.Fixture.queryEdns;
import static io.fluid4j.resolver.dns.Fixture.router;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.spi.resolve.Registration;
import io.fluid4j.spi.resolve.RouterAddress;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.ExtendedErrorCodeOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HTTPSRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

class DnsResponderTest {

    private final Fixture dns = new Fixture();

    @Test
    void srvHasTierCapacityPortAndTheAddressOfTheRouter() throws IOException {
        dns.publish(
                "shop",
                held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 3, 120),
                held(router("r2", "[2001:db8::2]:8081", "eu", "b"), "shop", 1, 0),
                held(router("r3", "edge.example.com:80", "us", "a"), "shop", 1, 70_000));
        Message response = dns.ask(queryEdns("_http._tcp.shop.fluid.internal", Type.SRV, 1232));
        assertThat(response.getHeader().getFlag(Flags.QR)).isTrue();
        assertThat(response.getHeader().getFlag(Flags.AA)).isTrue();
        assertThat(response.getHeader().getFlag(Flags.RA)).isFalse();
        assertThat(response.getSection(Section.ANSWER))
                .extracting(record -> {
                    SRVRecord srv = (SRVRecord) record;
                    return srv.getPriority() + " " + srv.getWeight() + " " + srv.getPort() + " " + srv.getTarget();
                })
                .containsExactly(
                        "0 120 8080 r1.routers.fluid.internal.",
                        "1 0 8081 r2.routers.fluid.internal.",
                        "2 65535 80 edge.example.com.");
        List<Record> additional = response.getSection(Section.ADDITIONAL);
        assertThat(additional.get(0)).isInstanceOf(ARecord.class);
        assertThat(additional.get(0).getName()).hasToString("r1.routers.fluid.internal.");
        assertThat(additional.get(1)).isInstanceOf(AAAARecord.class);
        assertThat(response.getOPT().getPayloadSize()).isEqualTo(1232);
        Message address = dns.ask(query("r1.routers.fluid.internal", Type.A));
        assertThat(((ARecord) address.getSection(Section.ANSWER).get(0))
                        .getAddress()
                        .getHostAddress())
                .isEqualTo("10.0.0.1");
    }

    @Test
    void aFunctionsNameHasAddressesServiceBindingsAndText() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 3, 120));
        Message https = dns.ask(query("shop.fluid.internal", Type.HTTPS));
        assertThat(((HTTPSRecord) https.getSection(Section.ANSWER).get(0)).rdataToString())
                .isEqualTo("1 r1.routers.fluid.internal. port=8080 ipv4hint=10.0.0.1");
        assertThat(dns.ask(query("shop.fluid.internal", Type.SVCB)).getSection(Section.ANSWER))
                .hasSize(1);
        Message text = dns.ask(query("shop.fluid.internal", Type.TXT));
        assertThat(((TXTRecord) text.getSection(Section.ANSWER).get(0)).getStrings())
                .containsExactly("router=r1", "tier=0", "tunnels=3", "capacity=120");
        assertThat(dns.ask(query("shop.fluid.internal", Type.A)).getSection(Section.ANSWER))
                .hasSize(1);
        assertThat(dns.ask(query("fluid.internal", Type.SOA)).getSection(Section.ANSWER))
                .hasSize(1);
        assertThat(dns.ask(query("fluid.internal", Type.NS)).getSection(Section.ANSWER))
                .hasSize(1);
    }

    @Test
    void addressesAreTheNearestOnesWithRoomAndTakeTurns() throws IOException {
        dns.publish(
                "shop",
                held(router("full", "10.0.0.9:80", "eu", "a"), "shop", 1, 0),
                held(router("r1", "10.0.0.1:80", "eu", "b"), "shop", 1, 1),
                held(router("r2", "10.0.0.2:80", "eu", "b"), "shop", 1, 1),
                held(router("r3", "10.0.0.3:80", "eu", "b"), "shop", 1, 1),
                held(router("far", "10.0.0.4:80", "us", "a"), "shop", 1, 1));
        Set<String> first = new HashSet<>();
        for (int i = 0; i < 6; i++) {
            List<Record> answer = dns.ask(query("shop.fluid.internal", Type.A)).getSection(Section.ANSWER);
            assertThat(answer).hasSize(3);
            first.add(((ARecord) answer.get(0)).getAddress().getHostAddress());
        }
        assertThat(first).containsExactlyInAnyOrder("10.0.0.1", "10.0.0.2", "10.0.0.3");
    }

    @Test
    void aChangedAnswerIsThatOfAFreshZone() throws IOException {
        Random random = new Random(5);
        for (int change = 0; change < 1_000; change++) {
            List<Registration> holders = new ArrayList<>();
            for (int r = 0; r < 7; r++) {
                // Mostly other capacities; now and then a router comes, goes, moves or has no room.
                if (random.nextInt(10) > 0) {
                    String host = random.nextInt(20) == 0 ? "[2001:db8::" + r + "]" : "10.0.0." + r;
                    RouterAddress router = router("r" + r, host + ":80", r < 5 ? "eu" : "us", "a");
                    holders.add(held(router, "shop", 1, random.nextInt(5) == 0 ? 0 : random.nextInt(100)));
                }
            }
            dns.publish("shop", holders.toArray(Registration[]::new));
            Fixture fresh = new Fixture();
            fresh.publish("shop", holders.toArray(Registration[]::new));
            for (int type : new int[] {Type.A, Type.AAAA, Type.HTTPS, Type.SVCB, Type.TXT}) {
                Message query = queryEdns("shop.fluid.internal", type, 1232);
                assertThat(dns.ask(query).getSection(Section.ANSWER))
                        .as("change %d, type %d", change, type)
                        .containsExactlyInAnyOrderElementsOf(fresh.ask(query).getSection(Section.ANSWER));
            }
        }
    }

    @Test
    void noNameAndNoDataAreToldApartAndBothAreShort() throws IOException {
        dns.publish("shop.v2", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop.v2", 1, 1));
        for (String missing : List.of("nothing.fluid.internal", "a.b.c.shop.v2.fluid.internal", "v3.fluid.internal")) {
            Message response = dns.ask(query(missing, Type.A));
            assertThat(response.getRcode()).as(missing).isEqualTo(Rcode.NXDOMAIN);
            assertShort(response);
        }
        // Those that exist only because of names below them, and a type that is not there.
        for (String empty : List.of(
                "_tcp.shop.v2.fluid.internal",
                "_http._tcp.shop.v2.fluid.internal",
                "v2.fluid.internal",
                "routers.fluid.internal",
                "shop.v2.fluid.internal",
                "fluid.internal")) {
            Message response = dns.ask(query(empty, Type.AAAA));
            assertThat(response.getRcode()).as(empty).isEqualTo(Rcode.NOERROR);
            assertThat(response.getSection(Section.ANSWER)).as(empty).isEmpty();
            assertShort(response);
        }
        dns.publish("shop.v2");
        for (String gone : List.of("_tcp.shop.v2.fluid.internal", "v2.fluid.internal", "r1.routers.fluid.internal")) {
            assertThat(dns.ask(query(gone, Type.A)).getRcode()).as(gone).isEqualTo(Rcode.NXDOMAIN);
        }
        assertThat(dns.zone.table().size()).isEqualTo(1);
    }

    private static void assertShort(Message response) {
        SOARecord soa = (SOARecord) response.getSection(Section.AUTHORITY).get(0);
        assertThat(soa.getName()).hasToString("fluid.internal.");
        assertThat(soa.getMinimum()).isLessThanOrEqualTo(1);
        assertThat(soa.getTTL()).isLessThanOrEqualTo(1);
        assertThat(response.getHeader().getFlag(Flags.AA)).isTrue();
    }

    @Test
    void outsideTheZoneIsRefused() throws IOException {
        for (String other : List.of("example.com", "xfluid.internal", "internal", "fluid.internal.example.com")) {
            Message response = dns.ask(query(other, Type.A));
            assertThat(response.getRcode()).as(other).isEqualTo(Rcode.REFUSED);
            assertThat(response.getHeader().getFlag(Flags.AA)).isFalse();
            assertThat(response.getSection(Section.AUTHORITY)).isEmpty();
        }
        Message root = Message.newQuery(Record.newRecord(org.xbill.DNS.Name.root, Type.NS, 1));
        assertThat(dns.ask(root).getRcode()).isEqualTo(Rcode.REFUSED);
        Message chaos = Message.newQuery(
                Record.newRecord(org.xbill.DNS.Name.fromConstantString("fluid.internal."), Type.SOA, 3));
        assertThat(dns.ask(chaos).getRcode()).isEqualTo(Rcode.REFUSED);
    }

    @Test
    void caseOfTheQuestionIsKeptAndDoesNotMatter() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 1, 1));
        Message response = dns.ask(query("_HTTP._tcp.sHoP.Fluid.INTERNAL", Type.SRV));
        assertThat(response.getSection(Section.ANSWER)).hasSize(1);
        assertThat(response.getQuestion().getName()).hasToString("_HTTP._tcp.sHoP.Fluid.INTERNAL.");
        assertThat(dns.ask(query("NO.Fluid.INTERNAL", Type.A)).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    }

    @Test
    void whatDoesNotFitIsCutAtTheRightPlace() throws IOException {
        // 20 routers: 16 records, each with an address.
        Registration[] many = new Registration[20];
        for (int i = 0; i < many.length; i++) {
            many[i] = held(router("router-number-" + i, "10.0.0." + i + ":8080", "eu", "a"), "shop", 1, 1);
        }
        dns.publish("shop", many);
        String name = "_http._tcp.shop.fluid.internal";
        Message plain = dns.ask(query(name, Type.SRV));
        assertThat(plain.getHeader().getFlag(Flags.TC)).isTrue();
        assertThat(plain.getSection(Section.ANSWER)).isEmpty();
        Message edns = dns.ask(queryEdns(name, Type.SRV, 4096));
        assertThat(edns.getHeader().getFlag(Flags.TC)).isFalse();
        assertThat(edns.getSection(Section.ANSWER)).hasSize(16);
        assertThat(edns.getSection(Section.ADDITIONAL)).hasSize(1);
        assertThat(edns.numBytes()).isLessThanOrEqualTo(1232);
        Message tcp = dns.askTcp(query(name, Type.SRV));
        assertThat(tcp.getSection(Section.ANSWER)).hasSize(16);
        assertThat(tcp.getSection(Section.ADDITIONAL)).hasSize(16);
        // For each size a client may offer: never larger, and whole or marked.
        for (int payload = 0; payload <= 1300; payload += 13) {
            byte[] wire = dns.respond(queryEdns(name, Type.SRV, payload).toWire(), false);
            assertThat(wire.length).isLessThanOrEqualTo(Math.max(512, Math.min(1232, payload)));
            Message response = new Message(wire);
            assertThat(response.getHeader().getFlag(Flags.TC))
                    .isEqualTo(response.getSection(Section.ANSWER).isEmpty());
        }
    }

    @Test
    void anyIsMinimal() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 1, 1));
        Message response = dns.ask(query("shop.fluid.internal", Type.ANY));
        assertThat(response.getSection(Section.ANSWER)).hasSize(1);
        assertThat(response.getSection(Section.ANSWER).get(0).rdataToString()).contains("RFC8482");
        assertThat(dns.ask(query("_tcp.shop.fluid.internal", Type.ANY)).getSection(Section.ANSWER))
                .isEmpty();
    }

    @Test
    void staleAnswersSaySo() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 1, 1));
        dns.stale = true;
        Message response = dns.ask(queryEdns("shop.fluid.internal", Type.A, 1232));
        assertThat(response.getSection(Section.ANSWER)).hasSize(1);
        ExtendedErrorCodeOption error = (ExtendedErrorCodeOption) response.getOPT()
                .getOptions(EDNSOption.Code.EDNS_EXTENDED_ERROR)
                .get(0);
        assertThat(error.getErrorCode()).isEqualTo(ExtendedErrorCodeOption.STALE_ANSWER);
        dns.stale = false;
        assertThat(dns.ask(queryEdns("shop.fluid.internal", Type.A, 1232))
                        .getOPT()
                        .getOptions())
                .isEmpty();
    }

    @Test
    void strangeRequestsAreToldSo() throws IOException {
        Message update = query("shop.fluid.internal", Type.A);
        update.getHeader().setOpcode(Opcode.UPDATE);
        assertThat(new Message(dns.respond(update.toWire(), false)).getRcode()).isEqualTo(Rcode.NOTIMP);
        Message version = query("shop.fluid.internal", Type.A);
        version.addRecord(new org.xbill.DNS.OPTRecord(1232, 0, 7), Section.ADDITIONAL);
        assertThat(dns.ask(version).getRcode()).isEqualTo(Rcode.BADVERS);
        Message twice = queryEdns("shop.fluid.internal", Type.A, 1232);
        twice.addRecord(new org.xbill.DNS.OPTRecord(1232, 0, 0), Section.ADDITIONAL);
        assertThat(dns.ask(twice).getRcode()).isEqualTo(Rcode.FORMERR);
        Message signed = query("fluid.internal", Type.SOA);
        signed.setTSIG(new org.xbill.DNS.TSIG(
                org.xbill.DNS.TSIG.HMAC_SHA256,
                "key.",
                java.util.Base64.getEncoder().encodeToString(new byte[32])));
        assertThat(dns.ask(signed).getRcode()).isEqualTo(Rcode.NOERROR);
    }

    @Test
    void responsesAndFragmentsAreDropped() {
        Message query = query("fluid.internal", Type.SOA);
        query.getHeader().setFlag(Flags.QR);
        assertThat(dns.respond(query.toWire(), false)).isEmpty();
        byte[] whole = query("fluid.internal", Type.SOA).toWire();
        for (int length = 0; length < whole.length; length++) {
            byte[] response = dns.respond(java.util.Arrays.copyOf(whole, length), false);
            assertThat(response.length).as("of %d octets", length).isIn(length < 12 ? 0 : 12);
        }
        assertThat(dns.metrics.counted(DnsMetrics.Result.ANSWERED)).isZero();
    }

    @Test
    void garbageIsAnsweredWithNothingHarmful() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 1, 1));
        Random random = new Random(42);
        byte[] good =
                queryEdns("_http._tcp.shop.fluid.internal", Type.SRV, 1232).toWire();
        byte[] expected = dns.respond(good, false);
        for (int i = 0; i < 500_000; i++) {
            byte[] bad;
            if (i % 2 == 0) {
                bad = new byte[random.nextInt(600)];
                random.nextBytes(bad);
            } else {
                bad = good.clone();
                for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                    bad[random.nextInt(bad.length)] = (byte) random.nextInt();
                }
            }
            byte[] response = dns.respond(bad, false);
            if (response.length > 0) {
                assertThat(bad[2] & 0x80).isZero();
                assertThat(response[2] & 0x80).isNotZero();
                assertThat(response.length).isLessThanOrEqualTo(1232);
                assertThat(response[0]).isEqualTo(bad[0]);
                // What is not an answer is never larger than the question and a SOA: no use for amplification.
                if ((response[3] & 0xf) != 0) {
                    assertThat(response.length).isLessThanOrEqualTo(bad.length + 100);
                }
                var unused = new Message(response);
            }
        }
        // Pointers that lead to themselves, in the question and behind it.
        byte[] loop = good.clone();
        loop[12] = (byte) 0xc0;
        loop[13] = 12;
        assertThat(new Message(dns.respond(loop, false)).getRcode()).isEqualTo(Rcode.FORMERR);
        assertThat(dns.respond(good, false)).isEqualTo(expected);
    }

    @Test
    void aQueryAllocatesNothing() {
        for (int i = 0; i < 1_000; i++) {
            dns.publish("f" + i, held(router("r" + i % 7, "10.0.0." + i % 7 + ":80", "eu", "a"), "f" + i, 1, 1));
        }
        List<byte[]> queries = new ArrayList<>();
        for (int i = 0; i < 1_000; i += 10) {
            queries.add(queryEdns("_http._tcp.f" + i + ".fluid.internal", Type.SRV, 1232)
                    .toWire());
            queries.add(query("f" + i + ".fluid.internal", Type.A).toWire());
            queries.add(query("missing" + i + ".fluid.internal", Type.A).toWire());
            queries.add(query("f" + i + ".fluid.internal", Type.ANY).toWire());
            queries.add(query("f" + i + ".example.com", Type.A).toWire());
        }
        byte[][] all = queries.toArray(byte[][]::new);
        ByteBuffer message = ByteBuffer.allocateDirect(2_048);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        long octets = 0;
        // The first rounds run interpreted, and counters grow cells when threads meet.
        for (int round = 0; round < 20 && allocated > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100_000; i++) {
                byte[] query = all[i % all.length];
                message.put(0, query);
                octets += dns.responder.respond(message, query.length, false);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(octets).isPositive();
        assertThat(allocated).isZero();
    }
}
