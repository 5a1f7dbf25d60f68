/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.trace;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Whether OpenTelemetry's API can be used. Linked without it. */
final class OpenTelemetryApi {

    private static final Logger LOG = System.getLogger(OpenTelemetryApi.class.getName());

    /** Whether it is on the class path. */
    static final boolean PRESENT = present();

    private OpenTelemetryApi() {}

    private static boolean present() {
        try {
            Class<?> global = Class.forName(
                    "io.opentelemetry.api.GlobalOpenTelemetry", false, OpenTelemetryApi.class.getClassLoader());
            // Older ones cannot be asked without setting them, which would be for the whole process.
            return global.getMethod("isSet") != null;
        } catch (ClassNotFoundException e) {
            return false;
        } catch (NoSuchMethodException | LinkageError e) {
            LOG.log(
                    Level.WARNING,
                    "no spans are made: this OpenTelemetry API is too old, or opentelemetry-context is missing",
                    e);
            return false;
        }
    }
}
