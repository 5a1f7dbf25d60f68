/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConnectorAttributesTest {

    @ParameterizedTest
    @CsvSource({
        "function, fluid.function",
        "routerUrls, fluid.router.urls",
        "fluid.router.urls, fluid.router.urls",
        "maxConcurrency, fluid.max-concurrency",
        "tunnelSecretFile, fluid.tunnel.secret-file",
        "nonsense, fluid.nonsense",
    })
    void attributesStandForKeys(String attribute, String key) {
        assertThat(TomcatConfig.keyOf(attribute)).isEqualTo(key);
    }

    @Test
    void attributesOfSocketsAreNoConfiguration() {
        FluidProtocol protocol = new FluidProtocol();
        assertThat(protocol.setProperty("connectionTimeout", "20000")).isTrue();
        assertThat(protocol.setProperty("function", "shop")).isTrue();
        assertThat(protocol.configAttributes()).containsOnlyKeys("function");
    }
}
