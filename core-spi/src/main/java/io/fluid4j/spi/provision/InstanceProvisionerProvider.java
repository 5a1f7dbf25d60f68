/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.provision;

import java.io.IOException;

/**
 * Makes {@link InstanceProvisioner}s. Found by ServiceLoader beside the router's own jar when the router starts; has a
 * public constructor without arguments that does nothing.
 *
 * @since 0.1.0
 */
public interface InstanceProvisionerProvider {

    /**
     * The word in the configuration that chooses it ({@code fluid.provision.NAME.provider}).
     *
     * @return lower-case words joined by dashes, at most 64 characters; never throws
     */
    String name();

    /**
     * Opens a provisioner for one function. Starts nothing; may clean up what an earlier router left behind.
     *
     * @param context what it is for
     * @return a provisioner of its own, closed by the caller
     * @throws IllegalArgumentException naming the key that has to be set or changed
     * @throws IOException when what it needs to keep on this machine cannot be kept
     */
    InstanceProvisioner open(ProvisionContext context) throws IOException;
}
