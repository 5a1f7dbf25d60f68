/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.config;

import java.util.List;

/**
 * Declares the keys of a plugin, so that they may be set and are documented like our own. Found by
 * {@link java.util.ServiceLoader} with the class loader of this package; must have a public constructor without
 * parameters that does nothing.
 */
public interface ConfigProvider {

    /**
     * The keys of the plugin; their names begin with {@code fluid.}. Called when a configuration is built.
     *
     * @return the keys, for example those of a {@link KeyFamily}
     */
    List<ConfigKey<?>> keys();
}
