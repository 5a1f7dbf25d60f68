/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.testkit.InstanceProvisionerContract;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A process that starts two instances and then waits to be killed. */
final class KilledRouter {

    private KilledRouter() {}

    /** @param arguments what instances dial, the pool's folder, template and home */
    public static void main(String[] arguments) throws Exception {
        InstanceProvisioner provisioner = new LocalProcessProvider()
                .open(Pools.context(
                        URI.create(arguments[0]),
                        Path.of(arguments[1]),
                        Map.of(
                                "provider",
                                "local-process",
                                "template",
                                arguments[2],
                                "home",
                                arguments[3],
                                "archive",
                                "false")));
        provisioner.start(InstanceProvisionerContract.order(1));
        provisioner.start(InstanceProvisionerContract.order(2));
        new CountDownLatch(1).await();
    }
}
