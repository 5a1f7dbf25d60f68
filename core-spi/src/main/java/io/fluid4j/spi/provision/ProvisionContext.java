/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.provision;

import static java.util.Objects.requireNonNull;

import io.fluid4j.spi.config.Config;
import java.net.URI;
import java.nio.file.Path;

/**
 * What a provisioner is for. Immutable.
 *
 * @param name the NAME in its keys, {@code fluid.provision.NAME.…}
 * @param function the function whose instances it starts
 * @param router where instances on this machine dial the router
 * @param folder a folder of its own, for what it keeps; not made yet
 * @param config the configuration of the router
 * @since 0.1.0
 */
public record ProvisionContext(String name, String function, URI router, Path folder, Config config) {

    /** Checks that nothing is missing. */
    public ProvisionContext {
        requireNonNull(name, "name");
        requireNonNull(function, "function");
        requireNonNull(router, "router");
        requireNonNull(folder, "folder");
        requireNonNull(config, "config");
    }
}
