/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import io.fluid4j.spi.provision.ProvisionContext;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** Configurations of one pool, {@code shop}. */
final class Pools {

    private Pools() {}

    static ProvisionContext context(URI router, Path folder, Map<String, String> keys) {
        Map<String, String> all = new HashMap<>(Map.of("fluid.tunnel.secret", "a secret of some length"));
        keys.forEach((key, value) -> all.put("fluid.provision.shop." + key, value));
        Config config = Config.builder()
                .role(Role.ROUTER)
                .explicit(all)
                .environment(Map.of())
                .systemProperties(new Properties())
                .noDefaultFiles()
                .build();
        return new ProvisionContext("shop", "shop", router, folder, config);
    }
}
