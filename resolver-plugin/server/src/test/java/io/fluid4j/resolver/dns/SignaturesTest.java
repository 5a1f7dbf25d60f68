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
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.TSIGRecord;
import org.xbill.DNS.Type;

/** Signed queries, with dnsjava as the client. */
class SignaturesTest {

    private static final Name NAME = Name.fromConstantString("key.example.");
    private static final byte[] SECRET = new byte[32];
    private static final String SHOP = "_http._tcp.shop.fluid.internal";

    private final TSIG key = new TSIG(TSIG.HMAC_SHA256, NAME, SECRET);
    private final Fixture dns = new Fixture(new Signatures("key.example", SECRET));

    @Test
    void theAnswerToASignedQueryIsSigned() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 1, 1));
        for (String name : new String[] {SHOP, "nothing.fluid.internal", "example.com"}) {
            Message query = queryEdns(name, Type.SRV, 1232);
            TSIGRecord signature = sign(query, key);
            byte[] wire = dns.respond(query.toWire(), false);
            Message response = new Message(wire);
            assertThat(key.verify(response, wire, signature)).isEqualTo(Rcode.NOERROR);
            assertThat(response.getOPT()).isNotNull();
            assertThat(response.getRcode())
                    .isEqualTo(
                            name.equals(SHOP)
                                    ? Rcode.NOERROR
                                    : name.equals("example.com") ? Rcode.REFUSED : Rcode.NXDOMAIN);
        }
        assertThat(dns.ask(query(SHOP, Type.SRV)).getTSIG()).isNull();
    }

    @Test
    void whatIsWrongIsRefusedWithTheReason() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 1, 1));
        byte[] other = SECRET.clone();
        other[7] = 1;
        refused(new TSIG(TSIG.HMAC_SHA256, NAME, other), Rcode.BADSIG);
        refused(new TSIG(TSIG.HMAC_SHA256, Name.fromConstantString("other.example."), SECRET), Rcode.BADKEY);
        Clock late = Clock.offset(Clock.systemUTC(), Duration.ofHours(-1));
        refused(new TSIG(TSIG.HMAC_SHA256, NAME, new SecretKeySpec(SECRET, "HmacSHA256"), late), Rcode.BADTIME);
    }

    private void refused(TSIG with, int error) throws IOException {
        Message query = query(SHOP, Type.SRV);
        sign(query, with);
        Message response = dns.ask(query);
        assertThat(response.getRcode()).isEqualTo(Rcode.NOTAUTH);
        assertThat(response.getSection(Section.ANSWER)).isEmpty();
        assertThat(response.getHeader().getID()).isEqualTo(query.getHeader().getID());
        assertThat(response.getTSIG().getError()).isEqualTo(error);
    }

    @Test
    void aSignatureCountsInWhatFits() throws IOException {
        Registration[] many = new Registration[20];
        for (int i = 0; i < many.length; i++) {
            many[i] = held(router("router-number-" + i, "10.0.0." + i + ":8080", "eu", "a"), "shop", 1, 1);
        }
        dns.publish("shop", many);
        for (int payload = 512; payload <= 1300; payload += 13) {
            Message query = queryEdns(SHOP, Type.SRV, payload);
            TSIGRecord signature = sign(query, key);
            byte[] wire = dns.respond(query.toWire(), false);
            assertThat(wire.length).isLessThanOrEqualTo(Math.min(1232, payload));
            Message response = new Message(wire);
            assertThat(key.verify(response, wire, signature)).isEqualTo(Rcode.NOERROR);
            assertThat(response.getHeader().getFlag(Flags.TC)
                            || response.getSection(Section.ANSWER).size() == 16)
                    .isTrue();
        }
    }

    @Test
    void somethingBehindASignatureIsMalformed() throws IOException {
        Message query = query(SHOP, Type.SRV);
        sign(query, key);
        query.addRecord(Record.fromString(Name.root, Type.TXT, 1, 0, "behind", Name.root), Section.ADDITIONAL);
        assertThat(dns.ask(query).getRcode()).isEqualTo(Rcode.FORMERR);
    }

    @Test
    void damagedSignedQueriesGetNoAnswer() throws IOException {
        dns.publish("shop", held(router("r1", "10.0.0.1:8080", "eu", "a"), "shop", 1, 1));
        Random random = new Random(11);
        Message query = query(SHOP, Type.SRV);
        sign(query, key);
        byte[] good = query.toWire();
        int signed = query(SHOP, Type.SRV).toWire().length;
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            int at = 2 + random.nextInt(signed - 2);
            bad[at] ^= (byte) (1 << random.nextInt(8));
            byte[] response = dns.respond(bad, false);
            if (response.length > 0) {
                // Unless the damage hides that there is a signature, nothing is answered.
                Message parsed = new Message(response);
                if (parsed.getTSIG() != null && parsed.getRcode() != Rcode.NOTAUTH) {
                    assertThat(parsed.getSection(Section.ANSWER))
                            .as("octet %d", at)
                            .isEmpty();
                }
            }
        }
        assertThat(new Message(dns.respond(good, false)).getSection(Section.ANSWER))
                .hasSize(1);
    }

    private static TSIGRecord sign(Message query, TSIG with) {
        TSIGRecord signature = with.generate(query, query.toWire(), Rcode.NOERROR, null);
        query.addRecord(signature, Section.ADDITIONAL);
        return signature;
    }
}
