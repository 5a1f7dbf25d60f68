/** What a plugin may implement. Needs nothing but the JDK; providers are found by {@link java.util.ServiceLoader}. */
@NullMarked
package io.fluid4j.spi;

import org.jspecify.annotations.NullMarked;
