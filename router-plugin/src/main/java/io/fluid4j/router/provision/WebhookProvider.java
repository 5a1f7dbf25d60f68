/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.ProvisionKeys;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.InstanceProvisionerProvider;
import io.fluid4j.spi.provision.ProvisionContext;
import java.net.URI;
import java.time.Clock;

/** Somebody else starts and stops the instances, and is told over HTTP: {@code webhook}. */
public final class WebhookProvider implements InstanceProvisionerProvider {

    /** For ServiceLoader. */
    public WebhookProvider() {}

    @Override
    public String name() {
        return "webhook";
    }

    @Override
    public InstanceProvisioner open(ProvisionContext context) {
        Config config = context.config();
        URI url = config.find(ProvisionKeys.WEBHOOK_URL.named(context.name()))
                .orElseThrow(() -> new IllegalArgumentException(
                        ProvisionKeys.WEBHOOK_URL.named(context.name()).name() + " is not set"));
        Secret secret =
                config.find(ProvisionKeys.WEBHOOK_SECRET.named(context.name())).orElse(null);
        return new WebhookProvisioner(
                context,
                url,
                secret,
                config.get(ProvisionKeys.WEBHOOK_TIMEOUT.named(context.name())),
                Clock.systemUTC());
    }
}
