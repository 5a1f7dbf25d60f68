/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.Health;
import io.fluid4j.frame.Hello;
import io.fluid4j.frame.Settings;
import io.fluid4j.tunnel.OutboundStream;
import io.fluid4j.tunnel.Session;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a router believes of an instance between two HEALTH frames. */
class InstanceTest {

    private long now;
    private final Instance instance = new Instance(
            Hello.builder()
                    .instanceId("i")
                    .function("shop")
                    .deployment("v1")
                    .role(Hello.Role.INSTANCE)
                    .nonce(new byte[32])
                    .settings(Settings.SERVER_DEFAULTS)
                    .build(),
            250,
            10_000_000_000L,
            () -> now,
            Instant.EPOCH);

    @Test
    void finishedRequestsMakeRoomBeforeTheNextHealth() {
        instance.add(openSession());
        instance.onHealth(health(1, 0, 2));

        for (int i = 0; i < 10; i++) {
            send();
            instance.released();
        }

        assertThat(instance.load()).isZero();
        assertThat(instance.available()).isTrue();
    }

    @Test
    void requestsOfOtherRoutersCountAsOfTheLastHealth() {
        instance.add(openSession());
        send();
        instance.onHealth(health(1, 3, 4));

        assertThat(instance.load()).isEqualTo(3);
        send();
        assertThat(instance.available()).isFalse();
        instance.released();
        assertThat(instance.load()).isEqualTo(3);
        assertThat(instance.available()).isTrue();
    }

    @Test
    void afterThreeMissedHealthsNothingIsStartedThereUntilTheNext() {
        instance.add(openSession());
        instance.onHealth(health(1, 0, 2));
        now += 749_000_000L;
        assertThat(instance.available()).isTrue();
        now += 1_000_000L;
        assertThat(instance.available()).isFalse();
        assertThat(instance.pauseReason()).isEqualTo("health-missing");
        assertThat(instance.onHealth(health(2, 0, 2)))
                .as("it has become available")
                .isTrue();
        assertThat(instance.available()).isTrue();
    }

    @Test
    void aNewInstanceIsTrustedWithMoreAndMore() {
        assertThat(instance.readiness()).isEqualTo(0.1);
        now = 4_000_000_000L;
        assertThat(instance.readiness()).isEqualTo(0.4);
        now = 10_000_000_000L;
        assertThat(instance.readiness()).isEqualTo(1.0);
    }

    private void send() {
        assertThat(instance.open(new HeadWriter(), true, mock(OutboundStream.Listener.class)))
                .isNotNull();
    }

    private static Session openSession() {
        Session session = mock(Session.class);
        when(session.open()).thenReturn(true);
        when(session.open(any(), anyBoolean(), any())).thenReturn(mock(OutboundStream.class));
        return session;
    }

    private static Health health(long sequence, int inFlight, int limit) {
        return new Health(sequence, sequence, Health.State.ACCEPTING, inFlight, limit, 0, List.of());
    }
}
