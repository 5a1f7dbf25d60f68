/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import io.fluid4j.frame.HeadWriter;
import org.eclipse.jetty.server.HttpChannel;

/**
 * What a stream borrows while it runs: Jetty's channel (which caches the servlet channel of an environment), the meta data
 * it was made with, and scratch encoders.
 *
 * @param http Jetty's channel, bound to the meta data for life
 * @param metaData the client's connection as the application sees it
 * @param head scratch for response heads; used by one send at a time
 * @param trailers scratch for trailers, which may be borrowed while a send waits
 */
record StreamChannel(HttpChannel http, StreamMetaData metaData, HeadWriter head, HeadWriter trailers) {}
