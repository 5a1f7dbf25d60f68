/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import org.jspecify.annotations.Nullable;

/** What a client's connection tells about the client while its request is under way. Selector thread; never blocks. */
interface ClientWatch {

    /** The client will send nothing more. It may still read: a half-closed client gets its whole response. */
    void onClientHalfClosed();

    /** The client is gone for good: nobody reads the response any more. */
    void onClientGone(@Nullable Throwable cause);
}
