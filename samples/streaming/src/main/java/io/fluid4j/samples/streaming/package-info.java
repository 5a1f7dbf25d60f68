/** A servlet application that streams its answers. */
@NullMarked
package io.fluid4j.samples.streaming;

import org.jspecify.annotations.NullMarked;
