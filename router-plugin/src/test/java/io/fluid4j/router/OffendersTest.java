/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who floods over many connections, or comes again and again. */
class OffendersTest {

    private static final long AWAY_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long FORGOTTEN_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final RouterMetrics metrics = new RouterMetrics();
    private final InetAddress one = address("192.0.2.1");
    private final InetAddress another = address("192.0.2.2");
    private final InetAddress proxy = address("192.0.2.99");
    private final Offenders offenders = new Offenders(AWAY_NANOS, proxy::equals, now::get, metrics);

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private void cutOff(InetAddress client, int times) {
        for (int i = 0; i < times; i++) {
            offenders.cutOff(new InetSocketAddress(client, 1024 + i), 1);
        }
    }

    @Test
    void connectionsOfAnAddressCountTogether() {
        for (int i = 0; i < Offenders.MAX_EVENTS_PER_SECOND; i++) {
            assertThat(offenders.fits(one)).isTrue();
        }
        assertThat(offenders.fits(one)).isFalse();
        assertThat(offenders.fits(another)).isTrue();
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(offenders.fits(one)).isTrue();
    }

    @Test
    void whoSharesAnAddressIsNotCutOffInAnothersStead() {
        ClientRates.Watched flood = new ClientRates.Watched(new InetSocketAddress(one, 1), offenders);
        ClientRates.Watched neighbour = new ClientRates.Watched(new InetSocketAddress(one, 2), offenders);
        for (int i = 0; i < Offenders.MAX_EVENTS_PER_SECOND; i++) {
            offenders.fits(one);
        }
        for (int i = 0; i < ClientRates.ALWAYS_FITS_PER_SECOND; i++) {
            assertThat(neighbour.call(new Object[0])).isTrue();
            assertThat(flood.call(new Object[0])).isTrue();
        }
        assertThat(flood.call(new Object[0]))
                .as("one more than what always fits")
                .isFalse();
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(neighbour.call(new Object[0])).isTrue();
        assertThat(flood.call(new Object[0])).as("cut off for good").isFalse();
        assertThat(metrics.cutOff().getCount()).isEqualTo(1);
    }

    @Test
    void oneConnectionIsBoundedByItself() {
        ClientRates.Watched client = new ClientRates.Watched(new InetSocketAddress(one, 1), offenders);
        for (int second = 0; second < 3; second++) {
            for (int i = 0; i < ClientRates.MAX_EVENTS_PER_SECOND; i++) {
                assertThat(client.call(new Object[0])).isTrue();
            }
            now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        }
        for (int i = 0; i < ClientRates.MAX_EVENTS_PER_SECOND; i++) {
            client.call(new Object[0]);
        }
        assertThat(client.call(new Object[0])).isFalse();
    }

    @Test
    void aProxyThatIsTrustedSpeaksForMany() {
        for (int i = 0; i < 2 * Offenders.MAX_EVENTS_PER_SECOND; i++) {
            assertThat(offenders.fits(proxy)).isTrue();
        }
        cutOff(proxy, 100);
        assertThat(offenders.turnsAway(proxy)).isFalse();
        assertThat(metrics.cutOff().getCount()).isEqualTo(100);
    }

    @Test
    void whoIsCutOffAgainAndAgainIsTurnedAwayForAWhile() {
        cutOff(one, Offenders.CUT_OFF_UNTIL_TURNED_AWAY - 1);
        assertThat(offenders.turnsAway(one)).isFalse();
        cutOff(one, 1);
        assertThat(offenders.turnsAway(one)).isTrue();
        assertThat(offenders.turnsAway(another)).isFalse();
        now.addAndGet(AWAY_NANOS - 1);
        assertThat(offenders.turnsAway(one)).isTrue();
        now.addAndGet(1);
        assertThat(offenders.turnsAway(one)).isFalse();
        assertThat(metrics.turnedAway().getCount()).isEqualTo(2);
    }

    @Test
    void onceIsEnoughForWhoIsKnown() {
        cutOff(one, Offenders.CUT_OFF_UNTIL_TURNED_AWAY);
        now.addAndGet(AWAY_NANOS);
        cutOff(one, 1);
        assertThat(offenders.turnsAway(one)).isTrue();
    }

    @Test
    void whoBehavesIsForgiven() {
        cutOff(one, Offenders.CUT_OFF_UNTIL_TURNED_AWAY);
        now.addAndGet(FORGOTTEN_NANOS);
        cutOff(one, Offenders.CUT_OFF_UNTIL_TURNED_AWAY - 1);
        assertThat(offenders.turnsAway(one)).isFalse();
    }

    @Test
    void anAddressOfSixteenOctetsIsItsNetwork() {
        cutOff(address("2001:db8:1:2::1"), 1);
        cutOff(address("2001:db8:1:2::2"), 1);
        cutOff(address("2001:db8:1:2:ffff::3"), 1);
        assertThat(offenders.turnsAway(address("2001:db8:1:2::4"))).isTrue();
        assertThat(offenders.turnsAway(address("2001:db8:1:3::1"))).isFalse();
    }

    /** Behind a translator the addresses of all clients by IPv4 are in one network. */
    @Test
    void anAddressThatIsTranslatedIsOneAddress() {
        for (int i = 1; i <= 10; i++) {
            cutOff(address("64:ff9b::c000:20" + i), Offenders.CUT_OFF_UNTIL_TURNED_AWAY - 1);
        }
        assertThat(offenders.turnsAway(address("64:ff9b::c000:201"))).isFalse();
        cutOff(address("64:ff9b::c000:201"), 1);
        assertThat(offenders.turnsAway(address("64:ff9b::c000:201"))).isTrue();
        assertThat(offenders.turnsAway(address("64:ff9b::c000:202"))).isFalse();
    }

    @Test
    void onlySoManyAreRemembered() {
        cutOff(one, Offenders.CUT_OFF_UNTIL_TURNED_AWAY);
        for (int i = 0; i < Offenders.MAX_ADDRESSES; i++) {
            offenders.fits(address("10.0." + i / 256 + "." + i % 256));
        }
        assertThat(offenders.turnsAway(one)).isFalse();
    }

    @Test
    void nobodyIsTurnedAwayWhereThatIsOff() {
        Offenders lenient = new Offenders(0, address -> false, now::get, metrics);
        for (int i = 0; i < 10; i++) {
            lenient.cutOff(new InetSocketAddress(one, 1024 + i), 1);
        }
        assertThat(lenient.turnsAway(one)).isFalse();
    }
}
