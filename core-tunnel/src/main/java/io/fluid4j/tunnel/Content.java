/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import io.fluid4j.frame.Fields;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a request body, as {@link InboundStream#read()} hands it out. Immutable; the octets belong to the reader.
 *
 * @param data heap buffer of octets, may be empty; owned by whoever read it
 * @param last true when nothing follows
 * @param trailers the request's trailers, when last and there are any
 * @param failure why the body is cut off, else null; then last is true and data is empty
 */
public record Content(
        ByteBuffer data,
        boolean last,
        @Nullable Fields trailers,
        @Nullable Throwable failure) {

    private static final byte[] NO_BYTES = {};

    /** The end of a body without trailers. */
    static final Content END = new Content(ByteBuffer.wrap(NO_BYTES), true, null, null);

    static Content end(Fields trailers) {
        return new Content(ByteBuffer.wrap(NO_BYTES), true, trailers, null);
    }

    static Content failure(Throwable failure) {
        return new Content(ByteBuffer.wrap(NO_BYTES), true, null, failure);
    }
}
