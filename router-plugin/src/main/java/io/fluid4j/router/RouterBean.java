/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.Role;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * A router inside an existing Jetty (module {@code fluid-router}): starts and stops with the server whose bean it is,
 * and has ports and threads of its own, so that blocking applications beside it do not slow it.
 */
public final class RouterBean extends AbstractLifeCycle {

    private final Map<String, String> explicit = new HashMap<>();
    private @Nullable Router router;

    /**
     * A router that is configured by `fluid.properties` and the other sources.
     *
     * @param settings keys that win over them; entries without a value are left out
     */
    public RouterBean(Map<String, @Nullable String> settings) {
        settings.forEach((key, value) -> {
            if (value != null && !value.isBlank()) {
                explicit.put(key, value);
            }
        });
    }

    /** The running router; null while the server is stopped. */
    public synchronized @Nullable Router router() {
        return router;
    }

    @Override
    protected synchronized void doStart() throws Exception {
        Config config = Config.builder().role(Role.ROUTER).explicit(explicit).build();
        router = Router.create(config).start();
        super.doStart();
    }

    @Override
    protected synchronized void doStop() throws Exception {
        Router running = router;
        router = null;
        if (running != null) {
            running.drainAndClose();
        }
        super.doStop();
    }
}
