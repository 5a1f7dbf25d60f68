/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.spi.resolve;

import org.jspecify.annotations.Nullable;

/**
 * What has become of one router's word on one function.
 *
 * @param function the function
 * @param router the name of the router
 * @param registration what it says now; null when it has been withdrawn or has run out
 */
public record RecordChange(
        String function, String router, @Nullable Registration registration) {

    /** It says this now. */
    public static RecordChange put(Registration registration) {
        return new RecordChange(registration.function(), registration.router().router(), registration);
    }

    /** It says nothing any more. */
    public static RecordChange gone(String function, String router) {
        return new RecordChange(function, router, null);
    }
}
