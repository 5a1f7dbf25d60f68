/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import static io.fluid4j.tunnel.Tunnels.bytes;
import static io.fluid4j.tunnel.Tunnels.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.frame.Usage;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;

final class ExchangeTest {

    @Test
    void aRequestGetsItsResponse() {
        Usage usage = new Usage(Usage.COMPLETE, 1, 2, 3, 4);
        Tunnels.Setup setup = Tunnels.with((stream, head) -> {
            assertThat(stream.started()).isTrue();
            stream.send(ok(5), bytes("hello"), true, null, Callback.NOOP);
            stream.completed(usage);
            return new Tunnels.Request();
        });
        try (Tunnels tunnels = setup.open()) {
            Session session = tunnels.requester();
            for (int i = 0; i < 10; i++) {
                Tunnels.Response response = new Tunnels.Response();
                OutboundStream stream = session.open(Tunnels.get("/a"), true, response);
                assertThat(response.done().outcome).isEqualTo("end");
                assertThat(response.status).isEqualTo(200);
                assertThat(response.text()).isEqualTo("hello");
                assertThat(response.usage).isEqualTo(usage);
                assertThat(stream.closed()).isTrue();
            }
            assertThat(session.streamsInFlight()).isZero();
            assertThat(tunnels.server().streamsInFlight()).isZero();
        }
    }
}
