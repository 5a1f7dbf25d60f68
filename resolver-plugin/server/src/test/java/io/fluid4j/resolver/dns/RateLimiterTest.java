/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RateLimiterTest {

    private long now = Long.MAX_VALUE - 10;

    @Test
    void aNetworkGetsItsShareAndNoMore() throws Exception {
        RateLimiter limiter = new RateLimiter(100, now);
        InetAddress a = InetAddress.getByName("10.1.2.3");
        InetAddress neighbour = InetAddress.getByName("10.1.2.200");
        InetAddress other = InetAddress.getByName("10.7.2.3");
        assertThat(allowed(limiter, a, 1_000)).isEqualTo(100);
        assertThat(allowed(limiter, neighbour, 10)).isZero();
        assertThat(allowed(limiter, other, 10)).isEqualTo(10);
        now += TimeUnit.MILLISECONDS.toNanos(500);
        assertThat(allowed(limiter, neighbour, 1_000)).isEqualTo(50);
        now += TimeUnit.HOURS.toNanos(1);
        assertThat(allowed(limiter, a, 1_000)).isEqualTo(100);
    }

    @Test
    void networksOfIpv6AreLimited() throws Exception {
        RateLimiter limiter = new RateLimiter(10, now);
        assertThat(allowed(limiter, InetAddress.getByName("2001:db8:1:200::1"), 100))
                .isEqualTo(10);
        assertThat(allowed(limiter, InetAddress.getByName("2001:db8:1:2ff::9"), 100))
                .isZero();
        assertThat(allowed(limiter, InetAddress.getByName("2001:db8:2:2ff::9"), 100))
                .isEqualTo(10);
    }

    @Test
    void anAddressIsTheSameNetworkInEveryForm() throws Exception {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, (byte) 200, 3, 4};
        int network = RateLimiter.network(InetAddress.getByName("10.200.3.99"));
        assertThat(RateLimiter.network4(ByteBuffer.wrap(mapped), 12)).isEqualTo(network);
        assertThat(RateLimiter.network6(ByteBuffer.wrap(mapped), 0)).isEqualTo(network);
        InetAddress six = InetAddress.getByName("2001:db8:1:200::1");
        assertThat(RateLimiter.network6(ByteBuffer.wrap(six.getAddress()), 0)).isEqualTo(RateLimiter.network(six));
    }

    private int allowed(RateLimiter limiter, InetAddress client, int queries) {
        int allowed = 0;
        for (int i = 0; i < queries; i++) {
            allowed += limiter.allows(RateLimiter.network(client), now) ? 1 : 0;
        }
        return allowed;
    }
}
