/** The wire: frame types, frames, error codes, the frame reader and writer, limits. Needs nothing but the JDK. */
@NullMarked
package io.fluid4j.frame;

import org.jspecify.annotations.NullMarked;
