/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.InstanceProvisionerProvider;
import io.fluid4j.spi.provision.ProvisionContext;
import java.io.IOException;

/** Instances are servers on this machine: {@code local-process}. */
public final class LocalProcessProvider implements InstanceProvisionerProvider {

    /** For ServiceLoader. */
    public LocalProcessProvider() {}

    @Override
    public String name() {
        return "local-process";
    }

    @Override
    public InstanceProvisioner open(ProvisionContext context) throws IOException {
        return LocalProcessProvisioner.open(context);
    }
}
