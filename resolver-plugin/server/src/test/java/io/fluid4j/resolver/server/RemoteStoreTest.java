/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.server;

import io.fluid4j.resolver.client.RemoteStore;
import io.fluid4j.spi.resolve.RecordStore;
import io.fluid4j.testkit.RecordStoreContract;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** The client keeps the contract of a store when it talks to a real resolver over HTTP. */
class RemoteStoreTest implements RecordStoreContract {

    private final List<ResolverServer> servers = new ArrayList<>();

    @Override
    public RecordStore open() throws IOException {
        ResolverServer server = ResolverServer.create(ResolverServerTest.config(
                        Map.of("fluid.resolver.dns.port", "off", "fluid.resolver.http.port", "0")))
                .start();
        servers.add(server);
        return new RemoteStore(List.of(URI.create("http://127.0.0.1:" + server.httpPort())), null);
    }

    @AfterEach
    void stop() {
        servers.forEach(ResolverServer::close);
    }
}
