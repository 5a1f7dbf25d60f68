/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import java.nio.file.Path;

/** A running server with an HTTP port of its own; with the instance in it when it was installed. */
interface Server extends AutoCloseable {

    Distribution distribution();

    /** Of the server's own connector. */
    int httpPort();

    ServerProcess process();

    /** One line for each request, whichever way it came. */
    Path accessLog();

    @Override
    default void close() {
        process().close();
    }
}
